#if {{if .Eight}}DSP{{else}}FOUR_PLACES{{end}}
/* Bytes 0 and 2 of a word as two halves, and bytes 1 and 3. */
static inline int32_t even(uint32_t w)
{
    return (int32_t)(w & 0xff00ffu);
}

static inline int32_t odd(uint32_t w)
{
    int32_t halves;

    __asm__("uxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(w)); /* compilers take two instructions */
    return halves;
}
#endif
