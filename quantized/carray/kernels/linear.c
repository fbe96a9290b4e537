static void linear{{.Suffix}}({{.Type}} *y, const uint8_t *x, const fully_connected *l)
{
    for (int32_t o = 0; o < l->outputs; o++) {
        uint32_t sum = (uint32_t)l->bias[o] + dot(x, l->weights + o * l->inputs, l->inputs);
{{if .WeightZeros}}
        if (l->weight_zeros) {
            sum -= (uint32_t)l->weight_zeros[o] * total(x, l->inputs);
        }
{{end}}
{{- if .Reals}}
        y[o] = fused((float)wrapped(sum) * l->scales[o], l->relu);
{{- else}}
        y[o] = requantize(wrapped(sum), l->multipliers[o], &l->y);
{{- end}}
    }
}
