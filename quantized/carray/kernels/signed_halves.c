#if FOUR_PLACES
/* Bytes 0 and 2 of a word as two halves, and bytes 1 and 3, which are signed. */
static inline int32_t signed_even(uint32_t w)
{
    return (int32_t)__sxtb16((int8x4_t)w);
}

static inline int32_t signed_odd(uint32_t w)
{
    int32_t halves;

    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(w));
    return halves;
}
#endif
