/* A convolution whose outputs see one channel each. Weights are int8_t, rows x columns x outputs. */
static void depthwise{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int32_t n = l->of.outputs;
    const int32_t each = n / l->at.channels; /* outputs of an input channel */
    const int8_t *w = (const int8_t *)l->of.weights;
#ifdef HELIUM
    const products of = l->of;
#endif

    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const uint8_t *from = x;
            const taps t = spread(&from, scratch, l, row, column);
            int32_t left = each;
            int32_t o = 0;

#ifdef HELIUM
            if (each == 1{{if .WeightZeros}} && !of.weight_zeros{{end}}) {
                for (; n - o >= 8; o += 8, from += 8, y += 8) {
                    depthwise_eight{{.Suffix}}(y, from, w + o, &t, &of, o);
                }
            }
#endif
            for (; o < n; o++) {
{{- if .WeightZeros}}
                const int32_t zero = l->of.weight_zeros ? l->of.weight_zeros[o] : 0;
{{- end}}
                const uint32_t sum = depthwise_at(from, w + o, n, &t{{if .WeightZeros}}, zero{{end}});

                *y++ = finish{{.Suffix}}((uint32_t)l->of.bias[o] + sum, &l->of, o);
                if (--left == 0) {
                    left = each;
                    from++;
                }
            }
        }
    }
}
