{{if not .Any}}#if !SLIDES
{{end}}/* A convolution whose outputs see one channel each. Weights are int8_t, rows x columns x outputs. */
static void depthwise{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int32_t n = l->of.outputs;
    const int32_t each = n / l->at.channels; /* outputs of an input channel */
    const int8_t *w = {{if .Packed}}unpacked(&scratch, &l->of){{else}}(const int8_t *)l->of.weights{{end}};
#ifdef HELIUM
    const products of = l->of;
#endif
{{- if not .WeightZeros}}
#if SIXTEEN
    taps_in_order in_order;

    order_weights(&in_order, w, l);
#endif
{{- end}}

    for (int32_t i = 0; i < l->at.out_height * l->at.out_width; i++) {
        const uint8_t *from = x;
        const taps t = spread(&from, scratch, l, i);
        int32_t left = each;
        int32_t o = 0;

#ifdef HELIUM
        for (const int32_t end = each == 1{{if .WeightZeros}} && !of.weight_zeros{{end}} ? n & ~7 : 0; o < end; o += 8, from += 8, y += 8) {
            depthwise_eight{{.Suffix}}(y, from, w + o, &t, &of, o);
        }
#endif
{{- if not .WeightZeros}}
#if SIXTEEN
        order_taps(&in_order, &t);
        for (; n - o >= 16 && o < in_order.end; o += 16, from += 16, y += 16) {
            depthwise_sixteen{{.Suffix}}(y, from, &in_order, &l->of, o);
        }
        if (n - o >= 8 && o < in_order.end) {
            depthwise_half{{.Suffix}}(y, from, &in_order, &l->of, o);
            o += 8, from += 8, y += 8;
        }
#endif
{{- end}}
{{- if and .Any (not .WeightZeros)}}
#if FOUR_PLACES
        for (const int32_t end = each == 1 ? n & ~3 : 0; o < end; o += 4, from += 4, y += 4) {
            depthwise_four{{.Suffix}}(y, from, w + o, &t, &l->of, o);
        }
#endif
{{- end}}
        for (; o < n; o++) {
            const uint32_t sum = depthwise_at(from, w + o, n, &t{{if .WeightZeros}}, weight_zero(&l->of, o){{end}});

            *y++ = finish{{.Suffix}}(sum, &l->of, o);
            if (--left == 0) {
                left = each;
                from++;
            }
        }
    }
}
{{- if not .Any}}
#endif
{{- end}}
