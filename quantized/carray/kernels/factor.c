/* A float in integers: mantissa / 2^shift, mantissa < 2^24. */
typedef struct {
    int32_t mantissa;
    int32_t shift;
} factor;

/* v / 2^bits, rounded half to even; bits < 64. */
static uint64_t halve(uint64_t v, int32_t bits)
{
    const uint64_t one = (uint64_t)1 << bits;
    const uint64_t rest = v & (one - 1);
    const uint64_t whole = v >> bits;

    return whole + (rest > one / 2 || (2 * rest == one && whole % 2 != 0) ? 1 : 0);
}

/* v rounded to the 24 significant bits of a float. */
static uint64_t as_float(uint64_t v)
{
    int32_t bits = 0;

    while (v >> bits >= (uint64_t)1 << 24) {
        bits++;
    }
    return halve(v, bits) << bits;
}

/* rne(a * m) as floats compute it, but without floats; at most 256. */
static int32_t multiply_as_float(int32_t a, factor m)
{
    const uint64_t magnitude = (uint64_t)(a < 0 ? -(int64_t)a : a);
    const uint64_t product = halve(as_float(as_float(magnitude) * (uint64_t)m.mantissa), m.shift);
    const int32_t y = product > 256 ? 256 : (int32_t)product;

    return a < 0 ? -y : y;
}
