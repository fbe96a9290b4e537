#if BLOCKS
/* A convolution of up to DEEPEST inputs of an output, computed for sixteen outputs at PLACES places at a time. */
static void convolve_blocks{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *c)
{
    const products copy_of = c->of;
    const products *const l = &copy_of;
    const int32_t inputs = c->at.channels / c->groups;
    const int32_t outputs = l->outputs / c->groups;
    const int32_t n = c->at.out_height * c->at.out_width;
    const int32_t words = (l->inputs + 3) / 4;
    const uint8_t *w = l->weights;
    uint8_t weights[16 * DEEPEST];
    uint8_t copies[PLACES][DEEPEST];

    if (n < PLACES) {
        convolve{{.Suffix}}(y, x, scratch, c);
        return;
    }
    for (int32_t p = 0; p < PLACES; p++) {
        fill(copies[p], 4 * words, 0);
    }
    for (int32_t first = 0, few; first < l->outputs; first += few) {
        const int32_t group = first / outputs;
        const int32_t left = (group + 1) * outputs - first;

        few = left < 16 ? left : 16;
        fill(weights, 64 * words, 0);
        for (int32_t o = 0; o < few; o += 2, w += {{.Pair}}) {
            spread_pair(weights + 4 * o, w, l);
        }
        for (int32_t i = 0; i < n; i += PLACES) {
            const int32_t place = i < n - PLACES ? i : n - PLACES; /* the last are perhaps there already */
            const uint8_t *from[PLACES];
            uint32_t begin[PLACES], sums[PLACES][16];
{{- if .WeightZeros}}
            uint32_t totals[PLACES];
{{- end}}

            for (int32_t p = 0; p < PLACES; p++) {
                from[p] = patch(copies[p], x, c, place + p, group * inputs, inputs);
                if (l->inputs % 4 != 0 && from[p] != copies[p]) { /* a word has bytes after them */
                    copy(copies[p], from[p], l->inputs);
                    from[p] = copies[p];
                }
{{- if .WeightZeros}}
                totals[p] = total(from[p], l->inputs);
                begin[p] = 0u - {{.Lower}} * totals[p];
{{- else}}
                begin[p] = 0u - {{.Lower}} * total(from[p], l->inputs);
{{- end}}
            }
            dot_block(sums, begin, from, weights, l->inputs);
            for (int32_t p = 0; p < PLACES; p++) {
                {{.Type}} *to = y + (place + p) * l->outputs + first;
{{if .WeightZeros}}
                for (int32_t k = 0; k < few; k++) {
                    sums[p][k] -= (uint32_t)weight_zero(l, first + k) * totals[p];
                }
{{- end}}
                if (few == 16) {
                    finish_sixteen{{.Suffix}}(to, sums[p], l, first);
                    continue;
                }
                for (int32_t k = 0; k < few; k++) {
                    to[k] = finish{{.Suffix}}(sums[p][k], l, first + k);
                }
            }
        }
    }
}
#else
#define convolve_blocks{{.Suffix}} convolve{{.Suffix}}
#endif
