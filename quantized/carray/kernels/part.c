/* A part of an image: x is where it begins. */
static void part{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t height, int32_t width, int32_t channels,
    int32_t in_width, int32_t in_channels)
{
    for (int32_t row = 0; row < height; row++) {
        for (int32_t column = 0; column < width; column++) {
            for (int32_t c = 0; c < channels; c++) {
                *y++ = x[(row * in_width + column) * in_channels + c];
            }
        }
    }
}
