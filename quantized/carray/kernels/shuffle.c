/* Channels of groups, one of each group after the other. */
static void shuffle{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t pixels, int32_t channels, int32_t groups)
{
    for (int32_t i = 0; i < pixels; i++) {
        for (int32_t c = 0; c < channels; c++) {
            *y++ = x[i * channels + c % groups * (channels / groups) + c / groups];
        }
    }
}
