/* q + zero, within the grid. */
static inline uint8_t clip(int32_t q, const grid *y)
{
{{- if and .Small .Whole}}
    q += y->zero; /* of this file's grids each is every byte, and q is not near the limits of int32_t */
#if DSP
    return (uint8_t)__usat(q, 8);
#else
    return (uint8_t)(q < 0 ? 0 : q > 255 ? 255 : q);
#endif
{{- else}}
    q = q < y->low ? y->low : q > y->high ? y->high : q;
    return (uint8_t)(q + y->zero);
{{- end}}
}
