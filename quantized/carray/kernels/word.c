#if {{if .Totals}}DSP{{else}}FOUR_PLACES{{end}}
/* Four bytes at any address. */
static inline uint32_t word(const uint8_t *p)
{
    uint32_t w;

    __builtin_memcpy(&w, p, 4); /* one instruction, no call */
    return w;
}
#endif
