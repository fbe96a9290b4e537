/*
 * The inputs of a window, row by row: of its channels from first on. Those outside the image
 * are x's zero point. They are copied, unless they are adjacent.
 */
static const uint8_t *patch(uint8_t *copies, const uint8_t *x, const convolution *l, int32_t row, int32_t column,
    int32_t first, int32_t channels)
{
    const window *at = &l->at;
    const int32_t top = row * at->stride_height - at->pad_top;
    const int32_t left = column * at->stride_width - at->pad_left;
    uint8_t *to = copies;

    for (int32_t i = 0; i < at->kernel_height; i++) {
        const int32_t r = top + i * at->dilation_height;
        int32_t n; /* how many pixels are adjacent */

        for (int32_t j = 0; j < at->kernel_width; j += n, to += n * channels) {
            const int32_t c = left + j * at->dilation_width;

            n = 1;
            if (r < 0 || r >= at->height || c < 0 || c >= at->width) {
                fill(to, channels, (uint8_t)l->zero);
                continue;
            }
            if (at->dilation_width == 1 && channels == at->channels) {
                n = at->width - c < at->kernel_width - j ? at->width - c : at->kernel_width - j;
            }
            if (at->kernel_height == 1 && n == at->kernel_width) {
                return x + (r * at->width + c) * at->channels + first;
            }
            copy(to, x + (r * at->width + c) * at->channels + first, n * channels);
        }
    }
    return copies;
}
