/* A mean of integers, as signed ones rounded half away from zero; x and y share a scale. */
typedef struct {
    window at;
    grid y; /* zero: 128 */
} integer_averaging;

static int32_t integer_mean_at(const uint8_t *x, const window *l, const area *a)
{
    const int32_t count = (a->bottom - a->top) * (a->right - a->left);
    int32_t sum = -128 * count;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            sum += x[((a->row + i) * l->width + a->column + j) * l->channels];
        }
    }
    return (sum < 0 ? sum - count / 2 : sum + count / 2) / count;
}

static void integer_mean(uint8_t *y, const uint8_t *x, const integer_averaging *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t c = 0; c < l->at.channels; c++) {
                *y++ = clip(integer_mean_at(x + c, &l->at, &a), &l->y);
            }
        }
    }
}
