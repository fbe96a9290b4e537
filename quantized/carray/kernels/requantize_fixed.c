/* Sums become integers by one fixed-point multiplication. */
static inline uint8_t requantize(int32_t sum, multiplier m, const grid *y)
{
    return clip(multiply(sum, m), y);
}
