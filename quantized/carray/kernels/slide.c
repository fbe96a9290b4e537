#if SLIDES
/* Sums of n windows of 3 x 3 of an image of one channel, side by side; w has their weights, row by row. */
static NOINLINE void slide(int32_t *sums, const uint8_t *x, const int32_t w[9], int32_t n, int32_t width, int32_t stride)
{
    const int32_t *const end = sums + n;
#if DSP
    int32_t outer[3]; /* the left and the right of each row */
    int32_t inner[3];

    for (int32_t i = 0; i < 3; i++) {
        outer[i] = (w[3 * i] & 0xffff) | (int32_t)((uint32_t)w[3 * i + 2] << 16);
        inner[i] = w[3 * i + 1] & 0xffff;
    }
#endif

    for (; sums != end; x += stride) {
        const uint8_t *const middle = x + width;
        const uint8_t *const below = middle + width;
#if DSP
        int32_t sum = __smlad(even(word(x)), outer[0], 0);

        sum = __smlad(odd(word(x)), inner[0], sum);
        sum = __smlad(even(word(middle)), outer[1], sum);
        sum = __smlad(odd(word(middle)), inner[1], sum);
        sum = __smlad(even(word(below)), outer[2], sum);
        *sums++ = __smlad(odd(word(below)), inner[2], sum);
#else
        *sums++ = x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + middle[0] * w[3] + middle[1] * w[4] + middle[2] * w[5] +
            below[0] * w[6] + below[1] * w[7] + below[2] * w[8];
#endif
    }
}

/* Where a channel lies in memory, turned if that makes it wider. */
typedef struct {
    window at;
    int32_t x_down, x_right; /* from a line to the next, and from an element */
    int32_t y_down, y_right;
    int32_t w_down, w_right;
} plane;

static plane turned(const convolution *l)
{
    const int32_t n = l->of.outputs;
    plane p = {l->at, n * l->at.width, n, n * l->at.out_width, n, 3 * n, n};

    if (l->at.out_height > l->at.out_width) {
        p.at.height = l->at.width;
        p.at.width = l->at.height;
        p.at.out_height = l->at.out_width;
        p.at.out_width = l->at.out_height;
        p.at.stride_height = l->at.stride_width;
        p.at.stride_width = l->at.stride_height;
        p.at.pad_top = l->at.pad_left;
        p.at.pad_left = l->at.pad_top;
        p.x_down = n;
        p.x_right = n * l->at.width;
        p.y_down = n;
        p.y_right = n * l->at.out_width;
        p.w_down = n;
        p.w_right = 3 * n;
    }
    return p;
}
#endif
