#ifdef HELIUM
/* Four outputs of their sums, in which the inputs' total is still to be subtracted. */
static inline void finish_four{{.Suffix}}({{.Type}} *y, uint32x4_t sums, const products *l, int32_t o, uint32_t total)
{
    sums = vsubq_n_u32(sums, 128u * total);
{{- if .WeightZeros}}
    if (l->weight_zeros) {
        sums = vsubq_u32(sums, vmulq_n_u32(vreinterpretq_u32_s32(vldrwq_s32(l->weight_zeros + o)), total));
    }
{{- end}}
{{- if .Reals}}
    y[o] = finish{{.Suffix}}(vgetq_lane_u32(sums, 0), l, o);
    y[o + 1] = finish{{.Suffix}}(vgetq_lane_u32(sums, 1), l, o + 1);
    y[o + 2] = finish{{.Suffix}}(vgetq_lane_u32(sums, 2), l, o + 2);
    y[o + 3] = finish{{.Suffix}}(vgetq_lane_u32(sums, 3), l, o + 3);
{{- else}}
    sums = vaddq_u32(sums, vreinterpretq_u32_s32(vldrwq_s32(l->bias + o)));
    requantize_four(y + o, vreinterpretq_s32_u32(sums), l->multipliers + o, &l->y);
{{- end}}
}

/* The outputs of weigh, four at a time, where the inputs have this total. Returns the first that is left. */
static int32_t weigh_four{{.Suffix}}({{.Type}} *y, const uint8_t *x, const uint8_t *w, const products *l,
    int32_t first, int32_t last, uint32_t total)
{
    const products of = *l;
    const int32_t n = of.inputs;

    if (n >= 16 && n % 4 == 0 && (uintptr_t)w % 4 == 0) {
        const int32_t odd = n % 16;
        const int32_t blocks = n / 16;

        for (; last - first >= 4; first += 4, w += 4 * n) {
            finish_four{{.Suffix}}(y, dot_four(x, w, w + 2 * n, odd, blocks), &of, first, total);
        }
    } else {
        uint8x16_t at[4];

        lanes_of(at, n);
        for (; last - first >= 4; first += 4, w += 4 * n) {
            finish_four{{.Suffix}}(y, gather_four(x, w, w + 2 * n, n, at), &of, first, total);
        }
    }
    return first;
}
#endif
