#if FOUR_PLACES
/* Four bytes to any address. */
static inline void put_word(uint8_t *to, uint32_t w)
{
    __builtin_memcpy(to, &w, 4);
}

/*
 * Writes n inputs of one of four places as halves of words: of four inputs 0 and 2, then 1 and 3,
 * then those that are left alone; words of the four places follow each other. Returns the total.
 */
static uint32_t widen(uint8_t *to, const uint8_t *x, int32_t n)
{
    uint32_t sum = 0;

    for (; n >= 4; n -= 4, x += 4, to += 32) {
        const uint32_t w = word(x);

        put_word(to, (uint32_t)even(w));
        put_word(to + 16, (uint32_t)odd(w));
        sum = __usada8(w, 0, sum);
    }
    for (; n > 0; n--, x++, to += 16) {
        put_word(to, x[0]);
        sum += x[0];
    }
    return sum;
}

/* The same of the inputs of a window, of the channels from first on, whose number is a multiple of 4. */
static uint32_t widen_window(uint8_t *to, const uint8_t *x, const convolution *l, int32_t place, int32_t first,
    int32_t channels)
{
    const window *at = &l->at;
    const int32_t row = place / at->out_width;
    const int32_t top = row * at->stride_height - at->pad_top;
    const int32_t left = (place - row * at->out_width) * at->stride_width - at->pad_left;
    const int32_t adjacent = at->dilation_width == 1 && channels == at->channels;
    uint32_t sum = 0;

    for (int32_t i = 0; i < at->kernel_height; i++) {
        const int32_t r = top + i * at->dilation_height;
        int32_t n; /* how many pixels are adjacent */

        for (int32_t j = 0; j < at->kernel_width; j += n, to += 8 * n * channels) {
            const int32_t c = left + j * at->dilation_width;

            n = 1;
            if (r < 0 || r >= at->height || c < 0 || c >= at->width) {
                for (int32_t k = 0; k < channels; k += 2) {
                    put_word(to + 8 * k, (uint32_t)l->zero * 0x10001u);
                }
                sum += (uint32_t)(l->zero * channels);
                continue;
            }
            if (adjacent) {
                n = at->width - c < at->kernel_width - j ? at->width - c : at->kernel_width - j;
            }
            sum += widen(to, x + (r * at->width + c) * at->channels + first, n * channels);
        }
    }
    return sum;
}
#endif
