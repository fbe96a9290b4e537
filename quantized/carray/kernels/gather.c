#if BLOCKS
#define MANY 64

/* What all outputs of a group read of up to MANY places, and what their sums begin with. */
typedef struct {
    const uint8_t *from[MANY];
    uint32_t begin[MANY];
{{- if .WeightZeros}}
    uint32_t totals[MANY];
{{- end}}
    uint8_t copies[MANY / 2 * DEEPEST];
} gathering;

/* Whether the inputs of a place are adjacent, in whole words, and those of the next place follow. */
static int adjacent(const convolution *c)
{
    const window *at = &c->at;

    return c->of.inputs % 4 == 0 && at->kernel_height == 1 && at->kernel_width == 1 && at->stride_height == 1 &&
        at->stride_width == 1 && at->out_height == at->height && at->out_width == at->width && at->pad_top == 0 &&
        at->pad_left == 0;
}

/* How many places are gathered at a time: as many as there is room for copies, in whole PLACES. */
static int32_t gathered(const convolution *c)
{
    const int32_t room = adjacent(c) ? MANY : MANY / 2 * DEEPEST / ((c->of.inputs + 3) / 4 * 4);

    return room < MANY ? room / PLACES * PLACES : MANY;
}

/* Gathers n places from first on, of the input channels of a group. */
static void gather(gathering *to, const uint8_t *x, const convolution *c, int32_t first, int32_t n, int32_t group)
{
    const products *const l = &c->of;
    const int32_t channels = c->at.channels / c->groups;
    const int32_t near = adjacent(c);
    uint8_t *copies = to->copies;

    for (int32_t p = 0; p < n; p++) {
        const uint8_t *from = x + (first + p) * c->at.channels + group * channels;

        if (!near) {
            from = patch(copies, x, c, first + p, group * channels, channels);
            if (l->inputs % 4 != 0) { /* a word has bytes after them */
                if (from != copies) {
                    copy(copies, from, l->inputs);
                    from = copies;
                }
                fill(copies + l->inputs, 4 - l->inputs % 4, 0);
            }
            copies += (l->inputs + 3) / 4 * 4;
        }
        to->from[p] = from;
{{- if .WeightZeros}}
        to->totals[p] = total(from, l->inputs);
        to->begin[p] = 0u - {{.Lower}} * to->totals[p];
{{- else}}
        to->begin[p] = 0u - {{.Lower}} * total(from, l->inputs);
{{- end}}
    }
}
#endif
