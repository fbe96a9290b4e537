#if FOUR_PLACES
/* Sums of n windows of 3 x 3 of an image of one channel, side by side; w has the outer and the inner taps of each row. */
static __attribute__((noinline)) void slide(int32_t *sums, const uint8_t *x, const int32_t w[6], int32_t n, int32_t width,
    int32_t stride)
{
    const int32_t *const end = sums + n;
    const int32_t outer = w[0];
    const int32_t inner = w[1];
    const int32_t middle_outer = w[2];
    const int32_t middle_inner = w[3];
    const int32_t below_outer = w[4];
    const int32_t below_inner = w[5];

    for (; sums != end; x += stride) {
        const uint32_t above = word(x);
        const uint32_t middle = word(x + width);
        const uint32_t below = word(x + 2 * width);
        int32_t sum = __smlad(even(above), outer, 0);

        sum = __smlad(odd(above), inner, sum);
        sum = __smlad(even(middle), middle_outer, sum);
        sum = __smlad(odd(middle), middle_inner, sum);
        sum = __smlad(even(below), below_outer, sum);
        *sums++ = __smlad(odd(below), below_inner, sum);
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
