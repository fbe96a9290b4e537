/* A mean of integers, as signed ones rounded half away from zero; x and y share a scale. */
typedef struct {
    window at;
{{- if .CountIncludePad}}
    int32_t zero; /* of x and y */
{{- end}}
    grid y; /* zero: 128 */
} integer_averaging;

static void integer_mean(uint8_t *y, const uint8_t *x, const integer_averaging *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area at = area_at(&l->at, row, column);
            const area *a = &at;
            const uint8_t *from = first_tap(x, &l->at, a);
            const int32_t n = {{.Count}};
            const int32_t begin = {{if .CountIncludePad}}(n - seen(a)) * l->zero {{end}}-128 * n;
{{- if not .Wide}}
            const uint32_t inverse = (1u << 24) / (uint32_t)n + 1; /* n <= 360: then quotients are exact */
{{- end}}

            for (int32_t c = 0; c < l->at.channels; c++) {
                const int32_t sum = begin + (int32_t)sum_at(from++, a->bottom - a->top, a->right - a->left,
                    l->at.width * l->at.channels, l->at.channels);
{{- if .Wide}}
                const int32_t mean = (sum < 0 ? n / 2 - sum : sum + n / 2) / n;
{{- else}}
                const int32_t mean = (int32_t)((uint32_t)(sum < 0 ? n / 2 - sum : sum + n / 2) * inverse >> 24);
{{- end}}

                *y++ = clip(sum < 0 ? -mean : mean, &l->y);
            }
        }
    }
}
