/* A mean of integers, as signed ones rounded half away from zero; x and y share a scale. */
typedef struct {
    window at;
{{- if .CountIncludePad}}
    int32_t zero; /* of x and y */
{{- end}}
    grid y; /* zero: 128 */
} integer_averaging;

static int32_t integer_mean_at(const uint8_t *x, const integer_averaging *l, const area *a)
{
    const int32_t n = {{.Count}};
    int32_t sum = {{if .CountIncludePad}}(n - seen(a)) * l->zero {{end}}-128 * n;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            sum += x[((a->row + i) * l->at.width + a->column + j) * l->at.channels];
        }
    }
    return (sum < 0 ? sum - n / 2 : sum + n / 2) / n;
}

static void integer_mean(uint8_t *y, const uint8_t *x, const integer_averaging *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t c = 0; c < l->at.channels; c++) {
                *y++ = clip(integer_mean_at(x + c, l, &a), &l->y);
            }
        }
    }
}
