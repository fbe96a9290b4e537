/* Output o, whose sum fits int32_t; before it was complete, it may have wrapped around. */
static inline {{.Type}} finish{{.Suffix}}(uint32_t sum, const products *l, int32_t o)
{
{{- if .Reals}}
    return fused((float)wrapped(sum) * l->scales[o], l->relu);
{{- else}}
    return requantize(wrapped(sum), l->multipliers[o], &l->y);
{{- end}}
}
