/* Zeros after each row and each column. */
static void stretch{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t height, int32_t width, int32_t channels,
    int32_t rows, int32_t columns, {{.Type}} zero)
{
    for (int32_t i = 0; i < height * rows; i++) {
        for (int32_t j = 0; j < width * columns; j++) {
            const int32_t pixel = i % rows == 0 && j % columns == 0;

            for (int32_t c = 0; c < channels; c++) {
                *y++ = pixel ? *x++ : zero;
            }
        }
    }
}
