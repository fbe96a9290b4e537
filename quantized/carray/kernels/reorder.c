/* A reshape: elements keep their order channel by channel, and lie pixel by pixel. */
static void reorder(uint8_t *y, const uint8_t *x, int32_t n, int32_t channels, int32_t out_channels)
{
    const int32_t pixels = n / channels;
    const int32_t out_pixels = n / out_channels;

    for (int32_t i = 0; i < n; i++) {
        y[i % out_pixels * out_channels + i / out_pixels] = x[i % pixels * channels + i / pixels];
    }
}
