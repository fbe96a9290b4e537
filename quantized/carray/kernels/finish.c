/* An output, of the products' sum. With its bias it fits int32_t; before, it may wrap around. */
static inline {{.Type}} finish_by{{.Suffix}}(uint32_t products_sum, int32_t bias,
    {{if .Reals}}float{{else}}multiplier{{end}} m, const products *l)
{
    const int32_t sum = wrapped((uint32_t)bias + products_sum{{if .Packed}} * (uint32_t)l->step{{end}});

{{if .Reals}}
    return fused((float)sum * m, l->relu);
{{- else}}
    return requantize(sum, m, &l->y);
{{- end}}
}

/* Output o. */
static inline {{.Type}} finish{{.Suffix}}(uint32_t products_sum, const products *l, int32_t o)
{
    return finish_by{{.Suffix}}(products_sum, l->bias[o], l->{{if .Reals}}scales{{else}}multipliers{{end}}[o], l);
}
