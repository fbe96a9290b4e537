/* A function of each byte of each channel; y may be x. */
static void look_up_channels(uint8_t *y, const uint8_t *x, int32_t n, int32_t channels, const uint8_t *tables)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = tables[i % channels * 256 + x[i]];
    }
}
