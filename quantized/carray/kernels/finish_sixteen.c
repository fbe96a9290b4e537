#if SIXTEEN
/* Sixteen outputs from o on. */
static inline void finish_sixteen{{.Suffix}}({{.Type}} *y, const uint32_t sums[16], const products *l, int32_t o)
{
{{- if not (or .Fixed .Reals)}}
#if defined(SSE) || (defined(NEON) && defined(__aarch64__))
{{- if .Packed}}
    uint32_t steps[16];

    for (int32_t k = 0; k < 16; k++) {
        steps[k] = sums[k] * (uint32_t)l->step;
    }
    sums = steps;
{{- end}}
    requantize_sixteen(y, sums, l->bias + o, l->multipliers + o, &l->y);
    return;
#endif
{{- end}}
    for (int32_t k = 0; k < 16; k++) {
        y[k] = finish{{.Suffix}}(sums[k], l, o + k);
    }
}
#endif
