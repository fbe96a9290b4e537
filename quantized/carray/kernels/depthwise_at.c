{{if not .AnyDepthwise}}#if !SLIDES
{{end}}/* Where a window's taps of one channel are. */
typedef struct {
    int32_t rows, columns;
    int32_t down, right; /* from a row to the next, and from a column */
} taps;

/* The sum of one output, which sees one input channel; its weights are n apart. */
static inline uint32_t depthwise_at(const uint8_t *x, const int8_t *w, int32_t n, const taps *at{{if .WeightZeros}},
    int32_t zero{{end}})
{
    const int32_t down = at->down;
    int32_t rows = at->rows;
    uint32_t sum = 0;
{{if not .WeightZeros}}
    if (at->columns == 3 && at->right == n) { /* the usual case takes few addresses */
        do {
            sum += (uint32_t)(x[0] * w[0]);
            sum += (uint32_t)(x[n] * w[n]);
            sum += (uint32_t)(x[2 * n] * w[2 * n]);
            x += down;
            w += 3 * n;
        } while (--rows > 0);
        return sum;
    }
{{- end}}
    for (; rows > 0; rows--, x += down) {
        const uint8_t *p = x;

        for (int32_t j = at->columns; j > 0; j--, p += at->right, w += n) {
            sum += (uint32_t)(p[0] * (w[0]{{if .WeightZeros}} - zero{{end}}));
        }
    }
    return sum;
}
{{if not .AnyDepthwise}}#endif
{{end}}