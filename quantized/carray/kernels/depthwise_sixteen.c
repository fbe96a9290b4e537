#if SIXTEEN
/*
 * Sixteen outputs from o on at one position, each of which sees the input channel of its number:
 * compilers make vectors of this.
 */
static void depthwise_sixteen{{.Suffix}}({{.Type}} *y, const uint8_t *x, const int8_t *w, const taps *at,
    const products *l, int32_t o)
{
    int32_t sums[16] = {0};

    for (int32_t i = 0; i < at->rows; i++, x += at->down) {
        for (int32_t j = 0; j < at->columns; j++, w += l->outputs) {
            for (int32_t k = 0; k < 16; k++) {
                sums[k] += x[j * at->right + k] * w[k];
            }
        }
    }
    for (int32_t k = 0; k < 16; k++) {
        y[k] = finish{{.Suffix}}((uint32_t)sums[k], l, o + k);
    }
}
#endif
