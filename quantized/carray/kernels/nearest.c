/* v rounded half to even, as a float whose last bit is 1 has no others: |v| < 2^22. */
static inline int32_t nearest(float v)
{
    union {
        float real;
        int32_t bits;
    } whole;

    whole.real = v + 12582912.0f; /* 2^23 + 2^22 */
    return whole.bits - 0x4b400000;
}
