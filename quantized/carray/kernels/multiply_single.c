/* A number in fixed point: q * 2^(shift - 31), 2^30 <= q < 2^31. */
typedef struct {
    int32_t q;
    int32_t shift;
} multiplier;

/* a * m, rounded once, half up. */
static int32_t multiply(int32_t a, multiplier m)
{
    const int32_t right = 31 - m.shift;
    const int64_t one = (int64_t)1 << right;
    int64_t v = (int64_t)a * m.q + one / 2;

    v = v < 0 ? -((one - 1 - v) >> right) : v >> right;
    return (int32_t)(v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : v);
}
