/*
 * A sum or a difference of two tensors, the second perhaps of one number for each channel:
 * (a * A + b * B + C) / 2^shift, rounded down; C holds the zero points and a half.
{{- if .Exceptions}} Of some pairs
 * it is another number, so these are listed.
{{- end}} These
 * integers were tried on every pair when this file was written.
 */
typedef struct {
    int32_t a;
    int32_t b;
    int32_t constant;
    int32_t shift;
{{- if .Ties}}
    int32_t ties; /* 0, or what is added to {{if .Fixed}}negative sums, which rounds halves away from zero{{else}}odd ones, which rounds halves to even{{end}} */
{{- end}}
{{- if .Exceptions}}
    const uint16_t *pairs; /* 256 * a + b, in order */
    const uint8_t *sums;
    int32_t exceptions;
{{- end}}
    grid y;
} addition;

static inline uint8_t added(int32_t a, int32_t b, const addition *l)
{
    int32_t sum = a * l->a + b * l->b + l->constant;
{{- if .Exceptions}}
    int32_t first = 0;

    for (int32_t last = l->exceptions; first < last;) {
        const int32_t middle = (first + last) / 2;

        if (l->pairs[middle] < 256 * a + b) {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    if (first < l->exceptions && l->pairs[first] == 256 * a + b) {
        return l->sums[first];
    }
{{- end}}
{{- if .Ties}}
    sum += sum >> {{if .Fixed}}31{{else}}l->shift{{end}} & l->ties;
{{- end}}
    return clip(sum >> l->shift, &l->y);
}

static void add(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, const addition *l)
{
    const addition of = *l;

    for (; n > 0; n -= b_n, y += b_n, a += b_n) {
        int32_t i = 0;

#ifdef HELIUM
        for (; b_n - i >= 4{{if .Exceptions}} && of.exceptions == 0{{end}}{{if and .Ties .Fixed}} && of.ties == 0{{end}}; i += 4) {
            int32x4_t sum = vdupq_n_s32(of.constant);

            sum = vmlaq_n_s32(sum, vreinterpretq_s32_u32(vldrbq_u32(a + i)), of.a);
            sum = vmlaq_n_s32(sum, vreinterpretq_s32_u32(vldrbq_u32(b + i)), of.b);
{{- if and .Ties (not .Fixed)}}
            sum = vaddq_s32(sum, vandq_s32(vshlq_r_s32(sum, -of.shift), vdupq_n_s32(of.ties)));
{{- end}}
            put_four(y + i, vshlq_r_s32(sum, -of.shift), &of.y);
        }
#endif
        for (; i < b_n; i++) {
            y[i] = added(a[i], b[i], &of);
        }
    }
}
