/* {{.What}} of two tensors, converted to one scale with 20 more bits; b has as many elements as a, or one for each channel. */
typedef struct {
    multiplier a;
    multiplier b;
    multiplier sum;
    int32_t a_zero;
    int32_t b_zero;
    grid y;
} {{.Struct}};

static void {{.Function}}(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, const {{.Struct}} *l)
{
    const int32_t more = (int32_t)1 << 20;

    for (int32_t i = 0, k = 0; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        const int32_t {{.Result}} = multiply((a[i] - l->a_zero) * more, l->a) {{.Sign}} multiply((b[k] - l->b_zero) * more, l->b);

        y[i] = requantize({{.Result}}, l->sum, &l->y);
    }
}
