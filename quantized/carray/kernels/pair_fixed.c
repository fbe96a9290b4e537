/* {{.What}} of two tensors, converted to one scale with 20 more bits; b has as many elements as a, or one for each channel. */
typedef struct {
    multiplier a;
    multiplier b;
    multiplier sum;
    int32_t a_zero;
    int32_t b_zero;
    grid y;
} {{.Struct}};

static void {{.Function}}(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, const {{.Struct}} *l)
{
    const int32_t more = (int32_t)1 << 20;

    int32_t i = 0;

#ifdef HELIUM
    const {{.Struct}} of = *l;

    for (; b_n == n && n - i >= 4; i += 4) {
        int32x4_t first = vsubq_n_s32(vreinterpretq_s32_u32(vldrbq_u32(a + i)), of.a_zero);
        int32x4_t second = vsubq_n_s32(vreinterpretq_s32_u32(vldrbq_u32(b + i)), of.b_zero);

        first = multiply_four(vshlq_n_s32(first, 20), vdupq_n_s32(of.a.q), vdupq_n_s32(of.a.shift));
        second = multiply_four(vshlq_n_s32(second, 20), vdupq_n_s32(of.b.q), vdupq_n_s32(of.b.shift));
        first = v{{if eq .Sign "+"}}add{{else}}sub{{end}}q_s32(first, second);
        put_four(y + i, multiply_four(first, vdupq_n_s32(of.sum.q), vdupq_n_s32(of.sum.shift)), &of.y);
    }
#endif
    for (int32_t k = i % b_n; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        const int32_t {{.Result}} = multiply((a[i] - l->a_zero) * more, l->a) {{.Sign}} multiply((b[k] - l->b_zero) * more, l->b);

        y[i] = requantize({{.Result}}, l->sum, &l->y);
    }
}
