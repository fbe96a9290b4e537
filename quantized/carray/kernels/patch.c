/* The inputs of a window that has no gaps: those in the image are one piece of each row. */
static const uint8_t *dense_patch(uint8_t *copies, const uint8_t *x, const convolution *l, int32_t top, int32_t left)
{
    const window *at = &l->at;
    const int32_t channels = at->channels;
    const int32_t i = top < 0 ? -top : 0;
    const int32_t j = left < 0 ? -left : 0;
    const int32_t below = at->height - top < at->kernel_height ? at->height - top : at->kernel_height;
    const int32_t right = at->width - left < at->kernel_width ? at->width - left : at->kernel_width;
    const int32_t n = (right - j) * channels;
    uint8_t *to = copies + (i * at->kernel_width + j) * channels;
    int32_t rows = below - i;

    if (rows < at->kernel_height || n < at->kernel_width * channels) {
        fill(copies, at->kernel_height * at->kernel_width * channels, (uint8_t)l->zero);
        if (rows <= 0 || n <= 0) {
            return copies;
        }
    }
    x += ((top + i) * at->width + left + j) * channels;
    if (at->kernel_height == 1 && n == at->kernel_width * channels) {
        return x;
    }
    for (; rows > 0; rows--, x += at->width * channels, to += at->kernel_width * channels) {
        copy(to, x, n);
    }
    return copies;
}

/*
 * The inputs of a window, row by row: of its channels from first on. Those outside the image
 * are x's zero point. They are copied, unless they are adjacent.
 */
static {{if not .Convolves}}inline {{end}}const uint8_t *patch(uint8_t *copies, const uint8_t *x, const convolution *l, int32_t place,
    int32_t first, int32_t channels)
{
    const window *at = &l->at;
    const int32_t row = place / at->out_width;
    const int32_t column = place - row * at->out_width;
    const int32_t top = row * at->stride_height - at->pad_top;
    const int32_t left = column * at->stride_width - at->pad_left;
    uint8_t *to = copies;

    if (at->dilation_height == 1 && at->dilation_width == 1 && channels == at->channels) {
        return dense_patch(copies, x, l, top, left);
    }
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
