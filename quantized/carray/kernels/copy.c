static void copy{{if .Reals}}_reals{{end}}({{if .Reals}}float{{else}}uint8_t{{end}} *y, const {{if .Reals}}float{{else}}uint8_t{{end}} *x, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = x[i];
    }
}
