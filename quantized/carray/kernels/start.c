/* What the sum of output o begins with, as its weights are too great by 128: the inputs' total. */
static inline uint32_t start(const products *l, int32_t o, uint32_t total)
{
{{- if .WeightZeros}}
    if (l->weight_zeros) {
        total *= 128u + (uint32_t)l->weight_zeros[o];
        return (uint32_t)l->bias[o] - total;
    }
{{- end}}
    return (uint32_t)l->bias[o] - 128u * total;
}
