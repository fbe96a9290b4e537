/* q + zero, within the grid. */
static inline uint8_t clip(int32_t q, const grid *y)
{
{{- if and .Small .Whole}}
#if !SMALL
    q += y->zero; /* q is not near the limits of int32_t, and every byte is on the grids of this file */
#if DSP
    return (uint8_t)__usat(q, 8);
#else
    return (uint8_t)((uint32_t)q <= 255u ? q : q < 0 ? 0 : 255);
#endif
#else
    q = q < y->low ? y->low : q > y->high ? y->high : q;
    return (uint8_t)(q + y->zero);
#endif
{{- else}}
    q = q < y->low ? y->low : q > y->high ? y->high : q;
    return (uint8_t)(q + y->zero);
{{- end}}
}
