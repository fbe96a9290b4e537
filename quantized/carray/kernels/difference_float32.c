/* A difference of two tensors; b has as many elements as a, or one for each channel. */
typedef struct {
    float a;
    float b;
    float out_scale;
    int32_t a_zero;
    int32_t b_zero;
    grid y;
} difference;

static void subtract(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, const difference *l)
{
    for (int32_t i = 0, k = 0; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        const volatile float first = l->a * (float)(a[i] - l->a_zero); /* volatile: round before the difference */
        const volatile float second = l->b * (float)(b[k] - l->b_zero);
        const volatile float real = first - second;

        y[i] = quantize(real / l->out_scale, &l->y);
    }
}
