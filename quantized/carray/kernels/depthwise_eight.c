#ifdef HELIUM
/* Adds the products of eight channels, of even ones and of odd ones. */
static inline void add_tap(int32x4_t *even, int32x4_t *odd, const uint8_t *x, const int8_t *w)
{
    const int16x8_t in = vreinterpretq_s16_u16(vldrbq_u16(x));
    const int16x8_t by = vldrbq_s16(w);

    *even = vaddq_s32(*even, vmullbq_int_s16(in, by));
    *odd = vaddq_s32(*odd, vmulltq_int_s16(in, by));
}

/* Eight outputs from o on at one position, each of which sees the input channel of its number. */
static void depthwise_eight{{.Suffix}}({{.Type}} *y, const uint8_t *x, const int8_t *w, const taps *at, const products *l,
    int32_t o)
{
    const int32_t n = l->outputs;
    int32x4_t even = vdupq_n_s32(0);
    int32x4_t odd = vdupq_n_s32(0);
    int32x4x2_t sums;
    int32_t all[8];

    for (int32_t i = 0; i < at->rows; i++, x += at->down) {
        if (at->columns == 3) {
            add_tap(&even, &odd, x, w);
            add_tap(&even, &odd, x + at->right, w + n);
            add_tap(&even, &odd, x + 2 * at->right, w + 2 * n);
            w += 3 * n;
        } else {
            for (int32_t j = 0; j < at->columns; j++, w += n) {
                add_tap(&even, &odd, x + j * at->right, w);
            }
        }
    }
    sums.val[0] = even;
    sums.val[1] = odd;
    vst2q_s32(all, sums);
{{- if .Reals}}
    for (int32_t i = 0; i < 8; i++) {
        y[i] = finish{{.Suffix}}((uint32_t)all[i], l, o + i);
    }
{{- else}}
    for (int32_t i = 0; i < 8; i += 4) {
        const int32x4_t bias = vldrwq_s32(l->bias + o + i);

        requantize_four(y + i, vaddq_s32({{if .Packed}}vmulq_n_s32(vldrwq_s32(all + i), l->step){{else}}vldrwq_s32(all + i){{end}}, bias),
            l->multipliers + o + i, &l->y);
    }
{{- end}}
}
#endif
