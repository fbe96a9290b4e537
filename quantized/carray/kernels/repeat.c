/* Each row and each column several times. */
static void repeat{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t height, int32_t width, int32_t channels,
    int32_t rows, int32_t columns)
{
    for (int32_t i = 0; i < height * rows; i++) {
        for (int32_t j = 0; j < width * columns; j++) {
            const {{.Type}} *pixel = x + (i / rows * width + j / columns) * channels;

            for (int32_t c = 0; c < channels; c++) {
                *y++ = pixel[c];
            }
        }
    }
}
