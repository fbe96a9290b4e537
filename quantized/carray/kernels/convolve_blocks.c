#if BLOCKS
/* Sixteen outputs from o on, or few, at n places from y on. */
static void block{{.Suffix}}({{.Type}} *y, const gathering *at, int32_t n, const uint8_t *w, const products *l, int32_t o, int32_t few)
{
    for (int32_t i = 0; i < n; i += PLACES) {
        const int32_t first = i < n - PLACES ? i : n - PLACES; /* the last are perhaps there already */
        uint32_t sums[PLACES][16];

        dot_block(sums, at->begin + first, at->from + first, w, l->inputs);
        for (int32_t p = 0; p < PLACES; p++) {
            {{.Type}} *to = y + (first + p) * l->outputs + o;
{{if .WeightZeros}}
            for (int32_t k = 0; k < few; k++) {
                sums[p][k] -= (uint32_t)weight_zero(l, o + k) * at->totals[first + p];
            }
{{- end}}
            if (few == 16) {
                finish_sixteen{{.Suffix}}(to, sums[p], l, o);
                continue;
            }
            for (int32_t k = 0; k < few; k++) {
                to[k] = finish{{.Suffix}}(sums[p][k], l, o + k);
            }
        }
    }
}

/*
 * A convolution of up to DEEPEST inputs of an output, computed for sixteen outputs at PLACES places at a time. What
 * they read is gathered for many places at once, and their weights are put in order.
 */
static void convolve_blocks{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *c)
{
    const products copy_of = c->of;
    const products *const l = &copy_of;
    const int32_t outputs = l->outputs / c->groups;
    const int32_t n = c->at.out_height * c->at.out_width;
    const int32_t room = gathered(c);
    const int32_t words = (l->inputs + 3) / 4;
    const uint8_t *w = l->weights, *ordered = 0;
    uint8_t weights[16 * DEEPEST];
    gathering at;

    if (n < PLACES) {
        convolve{{.Suffix}}(y, x, scratch, c);
        return;
    }
    for (int32_t group = 0; group < c->groups; group++, w += (outputs + 1) / 2 * ({{.Pair}})) {
        for (int32_t first = 0, some; first < n; first += some) {
            const int32_t place = n - first < PLACES ? n - PLACES : first;
            const uint8_t *next = w;

            some = n - place < room ? n - place : room;
            gather(&at, x, c, place, some, group);
            for (int32_t o = 0, few; o < outputs; o += few) {
                const uint8_t *const pairs = next;

                few = outputs - o < 16 ? outputs - o : 16;
                next += (few + 1) / 2 * ({{.Pair}});
                if (pairs != ordered) {
                    fill(weights, 64 * words, 0);
                    for (int32_t k = 0; k < few; k += 2) {
                        spread_pair(weights + 4 * k, pairs + k / 2 * ({{.Pair}}), l);
                    }
                    ordered = pairs;
                }
                block{{.Suffix}}(y + place * l->outputs, &at, some, weights, l, group * outputs + o, few);
            }
        }
    }
}
#else
#define convolve_blocks{{.Suffix}} convolve{{.Suffix}}
#endif
