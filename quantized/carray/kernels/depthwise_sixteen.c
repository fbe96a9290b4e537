#if SIXTEEN
/* Sixteen outputs from o on at one position. */
static inline void depthwise_sixteen{{.Suffix}}({{.Type}} *y, const uint8_t *x, const taps_in_order *t, const products *l,
    int32_t o)
{
    uint32_t sums[16];

    sum_taps(sums, x, t, o);
    sum_taps(sums + 8, x + 8, t, o + 8);
    finish_sixteen{{.Suffix}}(y, sums, l, o);
}

/* Eight of them. */
static inline void depthwise_half{{.Suffix}}({{.Type}} *y, const uint8_t *x, const taps_in_order *t, const products *l,
    int32_t o)
{
    uint32_t sums[8];

    sum_taps(sums, x, t, o);
    for (int32_t k = 0; k < 8; k++) {
        y[k] = finish{{.Suffix}}(sums[k], l, o + k);
    }
}
#endif
