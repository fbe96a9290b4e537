/* A float as two: high has 16 significant bits, low the other 8. */
typedef struct {
    float high;
    float low;
} factor;

/* a + b and its rounding error. */
static float two_sum(float a, float b, float *error)
{
    const float sum = a + b;
    const float t = sum - a;

    *error = (a - (sum - t)) + (b - t);
    return sum;
}

/* a + b rounded to odd: if it is not exact, to the neighbour whose last bit is 1. */
static float odd_sum(float a, float b)
{
    union {
        float real;
        uint32_t bits;
    } sum;
    float error;

    sum.real = two_sum(a, b, &error);
    if (error != 0.0f && sum.bits % 2 == 0) {
        sum.bits += (error > 0.0f) == (sum.real > 0.0f) ? 1u : UINT32_MAX;
    }
    return sum.real;
}

/*
 * q * m + c, rounded once, as a fused multiply-add. Both products are exact, as q
 * has 8 bits. S. Boldo and G. Melquiond, "Emulation of a FMA and Correctly Rounded
 * Sums", IEEE Transactions on Computers 57(4), 2008.
 */
static float multiply_add(uint8_t q, factor m, float c)
{
    float below, least, left;
    const float product = two_sum((float)q * m.high, (float)q * m.low, &below);
    const float lesser = two_sum(c, below, &least);
    const float sum = two_sum(product, lesser, &left);

    return sum + odd_sum(least, left);
}

/* A sum of two tensors, the second perhaps of one number for each channel; all zero points are in the constant. */
typedef struct {
    factor a;
    factor b;
    float constant;
    grid y; /* zero: 0 */
} addition;

static void add(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, const addition *l)
{
    int32_t i = 0;

#ifdef HELIUM
    const addition of = *l;

    for (; b_n == n && n - i >= 4; i += 4) { /* these processors fuse */
        float32x4_t v = vdupq_n_f32(of.constant);

        v = vfmaq_n_f32(v, vcvtq_f32_u32(vldrbq_u32(b + i)), of.b.high + of.b.low);
        v = vfmaq_n_f32(v, vcvtq_f32_u32(vldrbq_u32(a + i)), of.a.high + of.a.low);
        put_four(y + i, vcvtnq_s32_f32(v), &of.y);
    }
#endif
    for (int32_t k = i % b_n; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        y[i] = quantize(multiply_add(a[i], l->a, multiply_add(b[k], l->b, l->constant)), &l->y);
    }
}
