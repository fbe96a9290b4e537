/* A reshape: elements keep their order C H W, but are stored H W C. */
static void reorder{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t n, int32_t channels, int32_t out_channels)
{
    const int32_t pixels = n / channels;
    const int32_t out_pixels = n / out_channels;

    for (int32_t i = 0; i < n; i++) {
        y[i % out_pixels * out_channels + i / out_pixels] = x[i % pixels * channels + i / pixels];
    }
}
