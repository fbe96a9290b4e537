#if SLIDES
/* Outputs of sums, which are apart. */
static NOINLINE void finish_line{{.Suffix}}({{.Type}} *y, const int32_t *sums, int32_t n, int32_t apart,
    const products *l, int32_t o)
{
    const int32_t *const end = sums + n;
    const products of = *l;
    const int32_t bias = l->bias[o];
    const {{if .Reals}}float m = l->scales[o]{{else}}multiplier m = l->multipliers[o]{{end}};

    for (; sums != end; y += apart) {
        *y = finish_by{{.Suffix}}((uint32_t)*sums++, bias, m, &of);
    }
}

/*
 * All outputs of a channel whose windows are 3 x 3, from a copy of its image, around which its padding is
 * already. It is where x, w and y begin.
 */
static void depthwise_plane{{.Suffix}}({{.Type}} *y, const uint8_t *x, const int8_t *w, uint8_t *copies, const plane *p,
    const products *l, int32_t o)
{
    const window *at = &p->at;
    const int32_t width = (at->out_width - 1) * at->stride_width + 3;
    const int32_t height = (at->out_height - 1) * at->stride_height + 3;
    const int32_t rows = height - at->pad_top < at->height ? height - at->pad_top : at->height;
    const int32_t columns = width - at->pad_left < at->width ? width - at->pad_left : at->width;
    int32_t weights[9];
{{- if .WeightZeros}}
    const int32_t zero = weight_zero(l, o);
{{- end}}

    for (int32_t i = 0; i < rows; i++) {
        const uint8_t *from = x + i * p->x_down;
        uint8_t *to = copies + (at->pad_top + i) * width + at->pad_left;
        const uint8_t *const end = to + columns;

        for (; to < end; from += p->x_right) {
            *to++ = *from;
        }
    }
    for (int32_t i = 0; i < 9; i++) {
        weights[i] = w[i / 3 * p->w_down + i % 3 * p->w_right]{{if .WeightZeros}} - zero{{end}};
    }
    for (int32_t i = 0; i < at->out_height; i++, copies += at->stride_height * width) {
        for (int32_t j = 0; j < at->out_width; j += 32) {
            const int32_t few = at->out_width - j < 32 ? at->out_width - j : 32;
            int32_t sums[32];

            slide(sums, copies + j * at->stride_width, weights, few, width, at->stride_width);
            finish_line{{.Suffix}}(y + i * p->y_down + j * p->y_right, sums, few, p->y_right, l, o);
        }
    }
}

/* A convolution whose outputs see one channel each, of the same number, in windows of 3 x 3. */
static void depthwise_3x3{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int8_t *const w = {{if .Packed}}unpacked(&scratch, &l->of){{else}}(const int8_t *)l->of.weights{{end}};
    const plane p = turned(l);
    const int32_t height = (l->at.out_height - 1) * l->at.stride_height + 3;
    const int32_t width = (l->at.out_width - 1) * l->at.stride_width + 3;

    fill(scratch, height * width + 1, (uint8_t)l->zero); /* a word begins at the last three bytes */
    for (int32_t o = 0; o < l->of.outputs; o++) {
        depthwise_plane{{.Suffix}}(y + o, x + o, w + o, scratch, &p, &l->of, o);
    }
}
#else
#define depthwise_3x3{{.Suffix}} depthwise{{.Suffix}}
#endif
