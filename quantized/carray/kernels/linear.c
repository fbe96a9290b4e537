static void linear{{.Suffix}}({{.Type}} *y, const uint8_t *x, const products *l)
{
    weigh{{.Suffix}}(y, x, l->weights, l, 0, l->outputs);
}
