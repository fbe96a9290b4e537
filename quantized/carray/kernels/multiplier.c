/* A number in fixed point: q * 2^(shift - 31), 2^30 <= q < 2^31. */
typedef struct {
    int32_t q;
    int32_t shift;
} multiplier;

/* Negative numbers shift as in two's complement, or this does not compile. */
typedef char arithmetic_shift[(-3 >> 1) == -2 ? 1 : -1];

/* a * q / 2^31, rounded down, or half up. */
static inline int32_t high(int32_t a, int32_t q, int32_t half)
{
#if SMALL
    /* The processor multiplies to 32 bits: parts of 16, the upper ones signed. */
    const int32_t upper = a >> 16;
    const uint32_t lower = (uint32_t)a & 0xffffu;
    const int32_t q_upper = q >> 16;
    const uint32_t q_lower = (uint32_t)q & 0xffffu;
    const int32_t first = upper * (int32_t)q_lower;
    const uint32_t second = lower * (uint32_t)q_upper + (lower * q_lower >> 16);
    const uint32_t middle = ((uint32_t)first & 0xffffu) + (second & 0xffffu) + (half ? 1u << 14 : 0u);

    return 2 * (upper * q_upper + (first >> 16) + (int32_t)(second >> 16)) + (int32_t)(middle >> 15);
{{- if .Small}}
#elif DSP
    int32_t v;

    if (half) { /* in this file |a| < 2^30 */
        __asm__("smmulr %0, %1, %2" : "=r"(v) : "r"(2 * a), "r"(q));
    } else {
        __asm__("smmul %0, %1, %2" : "=r"(v) : "r"(2 * a), "r"(q));
    }
    return v;
#else
    return (int32_t)(((int64_t)(2 * a) * q + (half ? (int64_t)1 << 31 : 0)) >> 32); /* in this file |a| < 2^30 */
{{- else}}
#else
    return (int32_t)(((int64_t)a * q + (half ? (int64_t)1 << 30 : 0)) >> 31);
{{- end}}
#endif
}

/* v / 2^bits, rounded half up, 0 < bits < 32. */
static inline int32_t shifted(int32_t v, int32_t bits)
{
    return ((v >> (bits - 1)) + 1) >> 1;
}
