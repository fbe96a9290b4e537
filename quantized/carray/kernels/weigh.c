/*
 * Outputs from first on, up to last - 1, at one place, whose inputs are x. Returns the weights
 * that follow. The last output may be alone: then it is computed twice, first with weights of 0.
 */
static const uint8_t *weigh{{.Suffix}}({{.Type}} *y, const uint8_t *x, const uint8_t *w, const products *l,
    int32_t first, int32_t last)
{
    const uint32_t sum = total(x, l->inputs);
    const uint32_t begin = 0u - {{.Offset}} * sum; /* weights are too great by this */
{{- if .Eight}}
#ifdef HELIUM
    const int32_t left = {{if .Packed}}l->bits < 8 ? first : {{end}}weigh_four{{.Suffix}}(y, x, w, l, first, last, sum);

    w += (left - first) * l->inputs;
    first = left;
#endif
{{- end}}

#if FOUR_PLACES
    for (int32_t o = first; o < last; o += 4) {
        const uint8_t *const v = last - o > 2 ? w + {{.Pair}} : w;
        uint32_t sums[4];

        for (int32_t k = 0; k < 4; k++) {
            sums[k] = begin;
        }
        dot(sums, x, w, v, l);
        for (int32_t k = 0; k < 4 && o + k < last; k++) {
            y[o + k] = finish{{.Suffix}}(sums[k]{{if .WeightZeros}} - (uint32_t)weight_zero(l, o + k) * sum{{end}}, l, o + k);
        }
        w = v + {{.Pair}};
    }
#else
    for (int32_t o = first; o < last; o += 2, w += {{.Pair}}) {
        const int32_t next = o + 1 < last ? o + 1 : o;
        uint32_t sums[2];

        sums[0] = begin{{if .WeightZeros}} - (uint32_t)weight_zero(l, o) * sum{{end}};
        sums[1] = begin{{if .WeightZeros}} - (uint32_t)weight_zero(l, next) * sum{{end}};
        dot(sums, x, w, l);
        y[next] = finish{{.Suffix}}(sums[1], l, next);
        y[o] = finish{{.Suffix}}(sums[0], l, o);
    }
#endif
    return w;
}
{{- if .Convolves}}

#if FOUR_PLACES
/* Output o at four places, of their sums{{if .WeightZeros}} and totals{{end}}. */
static inline void finish_wide{{.Suffix}}({{.Type}} *y, const uint32_t sums[4],
    {{if .WeightZeros}}const uint32_t totals[4], {{end}}const products *l, int32_t o)
{
    const int32_t bias = l->bias[o];
    const {{if .Reals}}float m = l->scales[o]{{else}}multiplier m = l->multipliers[o]{{end}};
{{- if .WeightZeros}}
    const uint32_t zero = (uint32_t)weight_zero(l, o);
{{- end}}

    y += o;
    for (int32_t i = 0; i < 4; i++, y += l->outputs) {
        *y = finish_by{{.Suffix}}(sums[i]{{if .WeightZeros}} - zero * totals[i]{{end}}, bias, m, l);
    }
}

/* The same at four places, whose inputs, widened, are x, and their totals. */
static NOINLINE const uint8_t *weigh_wide{{.Suffix}}({{.Type}} *y, const uint8_t *x, const uint32_t totals[4],
    const uint8_t *w, const products *l, int32_t first, int32_t last)
{
    const products of = *l;
    uint32_t sums[12]; /* where those of an output begin, and those of two */

    for (int32_t i = 0; i < 4; i++) {
        sums[i] = 0u - {{.Offset}} * totals[i];
    }
    for (int32_t o = first; o < last; o += 2, w += {{.Pair}}) {
        dots_wide(sums, x, w, l);
        for (int32_t k = 0; k < 2 && o + k < last; k++) {
            finish_wide{{.Suffix}}(y, sums + 4 + 4 * k{{if .WeightZeros}}, totals{{end}}, &of, o + k);
        }
    }
    return w;
}
#endif

#if TWO_PLACES
/* The same at two places, whose inputs are x and z. */
static const uint8_t *weigh_two{{.Suffix}}({{.Type}} *y, const uint8_t *x, const uint8_t *z, const uint8_t *w,
    const products *l, int32_t first, int32_t last)
{
    const uint32_t sum = total(x, l->inputs);
    const uint32_t begin = 0u - {{.Offset}} * sum; /* weights are too great by this */
    const uint32_t sum_z = total(z, l->inputs);
    const uint32_t begin_z = 0u - {{.Offset}} * sum_z;

    for (int32_t o = first; o < last; o += 2, w += {{.Pair}}) {
        const int32_t next = o + 1 < last ? o + 1 : o;
        uint32_t sums[4];

        sums[0] = begin{{if .WeightZeros}} - (uint32_t)weight_zero(l, o) * sum{{end}};
        sums[1] = begin{{if .WeightZeros}} - (uint32_t)weight_zero(l, next) * sum{{end}};
        sums[2] = begin_z{{if .WeightZeros}} - (uint32_t)weight_zero(l, o) * sum_z{{end}};
        sums[3] = begin_z{{if .WeightZeros}} - (uint32_t)weight_zero(l, next) * sum_z{{end}};
        dots(sums, x, z, w, l);
        y[next] = finish{{.Suffix}}(sums[1], l, next);
        y[o] = finish{{.Suffix}}(sums[0], l, o);
        y[l->outputs + next] = finish{{.Suffix}}(sums[3], l, next);
        y[l->outputs + o] = finish{{.Suffix}}(sums[2], l, o);
    }
    return w;
}
#endif
{{- end}}
