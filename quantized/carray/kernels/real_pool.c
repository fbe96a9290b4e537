/* The mean of a window, or its greatest number. */
typedef struct {
    window at;
    int32_t mean; /* 0: the greatest */
} real_pooling;

static float real_pool_at(const source *x, const real_pooling *l, const area *a, int32_t c)
{
    float sum = 0.0f;
    float greatest = 0.0f;
    int32_t n = 0;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            const volatile float real = /* volatile: rounds before it is added */
                real_at(x, ((a->row + i) * l->at.width + a->column + j) * l->at.channels + c);

            sum += real;
            greatest = n++ == 0 || real > greatest ? real : greatest;
        }
    }
    return l->mean != 0 ? sum / (float){{.Count}} : greatest;
}

static void real_pool(const target *y, const source *x, const real_pooling *l)
{
    int32_t n = 0;

    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t c = 0; c < l->at.channels; c++) {
                put(y, n++, real_pool_at(x, l, &a, c));
            }
        }
    }
}
