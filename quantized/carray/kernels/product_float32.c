/* A product of two tensors; b has as many elements as a, or one for each channel. */
typedef struct {
    float m;
    int32_t a_zero;
    int32_t b_zero;
    float y_zero;
    grid y; /* zero: 0 */
} product_of;

static void product(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, const product_of *l)
{
    for (int32_t i = 0, k = 0; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        const int32_t p = (a[i] - l->a_zero) * (b[k] - l->b_zero);
        const volatile float scaled = (float)p * l->m; /* volatile: round before the zero point is added */

        y[i] = quantize(scaled + l->y_zero, &l->y);
    }
}
