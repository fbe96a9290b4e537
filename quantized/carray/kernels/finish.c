/* Output o, of the products' sum. With its bias it fits int32_t; before, it may wrap around. */
static inline {{.Type}} finish{{.Suffix}}(uint32_t products_sum, const products *l, int32_t o)
{
    const int32_t sum = wrapped((uint32_t)l->bias[o] + products_sum{{if .Packed}} * (uint32_t)l->step{{end}});

{{if .Reals}}
    return fused((float)sum * l->scales[o], l->relu);
{{- else}}
    return requantize(sum, l->multipliers[o], &l->y);
{{- end}}
}
