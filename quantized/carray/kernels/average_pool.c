/*
 * A mean of real numbers, added in order. The zero point of y is added before
 * the mean is rounded, so that y.zero is 0.
 */
typedef struct {
    window at;
    float scale; /* of x */
    float out_scale;
    int32_t zero; /* of x */
    float out_zero;
    grid y;
} averaging;

static float mean_at(const uint8_t *x, const averaging *l, const area *a)
{
    float sum = 0.0f;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            const int32_t q = x[((a->row + i) * l->at.width + a->column + j) * l->at.channels];
            const volatile float real = l->scale * (float)(q - l->zero); /* volatile: rounds before it is added */

            sum += real;
        }
    }
    return sum / (float){{.Count}};
}

static void average_pool(uint8_t *y, const uint8_t *x, const averaging *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t c = 0; c < l->at.channels; c++) {
                *y++ = quantize(mean_at(x + c, l, &a) / l->out_scale + l->out_zero, &l->y);
            }
        }
    }
}
