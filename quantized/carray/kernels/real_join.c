/* Writes x to the channels of y that begin with first; y has stride channels. */
static void real_join(const target *y, int32_t stride, int32_t first, const source *x, int32_t pixels, int32_t channels)
{
    for (int32_t i = 0; i < pixels; i++) {
        for (int32_t c = 0; c < channels; c++) {
            put(y, i * stride + first + c, real_at(x, i * channels + c));
        }
    }
}
