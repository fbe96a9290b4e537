/* An image with a value around it, in a result of n elements; at is where it begins. */
static void frame{{.Suffix}}({{.Type}} *all, int32_t at, int32_t n, {{.Type}} value, const {{.Type}} *x, int32_t height,
    int32_t width, int32_t channels, int32_t out_width, int32_t out_channels)
{
    {{.Type}} *y = all + at;

    for (int32_t i = 0; i < n; i++) {
        all[i] = value;
    }
    for (int32_t row = 0; row < height; row++) {
        for (int32_t column = 0; column < width; column++) {
            for (int32_t c = 0; c < channels; c++) {
                y[(row * out_width + column) * out_channels + c] = *x++;
            }
        }
    }
}
