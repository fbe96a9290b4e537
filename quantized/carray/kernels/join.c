/* Writes x as some channels of y, which has stride channels; a table converts it to y's scale. */
static void join(uint8_t *y, int32_t stride, const uint8_t *x, int32_t pixels, int32_t channels, const uint8_t *table)
{
    for (int32_t i = 0; i < pixels; i++) {
        for (int32_t c = 0; c < channels; c++) {
            const uint8_t q = x[i * channels + c];

            y[i * stride + c] = table ? table[q] : q;
        }
    }
}
