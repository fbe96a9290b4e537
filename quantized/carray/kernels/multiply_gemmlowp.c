/* A number in fixed point: q * 2^(shift - 31), 2^30 <= q < 2^31. */
typedef struct {
    int32_t q;
    int32_t shift;
} multiplier;

/* a * m, rounded twice: to 32 bits half up, then by the shift half away from zero. */
static int32_t multiply(int32_t a, multiplier m)
{
    const int32_t right = m.shift < 0 ? -m.shift : 0;
    const int64_t half = right > 0 ? (int64_t)1 << (right - 1) : 0;
    const int64_t nudge = (int64_t)1 << 30;
    int64_t v = m.shift > 0 ? a * ((int64_t)1 << m.shift) : a;

    v = v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : v;
    v *= m.q;
    v = (v + (v < 0 ? 1 - nudge : nudge)) / ((int64_t)1 << 31);
    return (int32_t)(v < 0 ? -((half - v) >> right) : (v + half) >> right);
}
