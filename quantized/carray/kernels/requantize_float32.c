/* Sums become integers by one float multiplication: q = clip(rne(sum * m)) + zero. */
typedef float multiplier;

static inline uint8_t requantize(int32_t sum, multiplier m, const grid *y)
{
    return quantize((float)sum * m, y);
}
