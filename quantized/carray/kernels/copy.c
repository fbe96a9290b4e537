static void copy{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = x[i];
    }
}
