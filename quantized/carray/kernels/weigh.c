/* Outputs from first on, up to last - 1, at one place whose inputs are x. Returns the weights that follow. */
static const uint8_t *weigh{{.Suffix}}({{.Type}} *y, const uint8_t *x, const uint8_t *w, const products *l,
    int32_t first, int32_t last)
{
    const uint32_t sum = total(x, l->inputs);
#ifdef HELIUM
    const int32_t left = weigh_four{{.Suffix}}(y, x, w, l, first, last, sum);

    w += (left - first) * l->inputs;
    first = left;
#endif

    for (int32_t o = first; o < last; o += 2, w += 2 * l->inputs) {
        const int32_t next = o + 1 < last ? o + 1 : o; /* the last one may be alone: then it is written twice */
        uint32_t sums[2];

        sums[0] = start(l, o, sum);
        sums[1] = start(l, next, sum);
{{- if .Long}}
        for (int32_t i = 0; i < l->inputs; i += {{.Most}}) {
            dot(sums, x + i, w + 2 * i, l->inputs - i < {{.Most}} ? l->inputs - i : {{.Most}});
        }
{{- else}}
        dot(sums, x, w, l->inputs);
{{- end}}
        y[next] = finish{{.Suffix}}(sums[1], l, next);
        y[o] = finish{{.Suffix}}(sums[0], l, o);
    }
    return w;
}
