typedef struct {
    heads_of at;
    multiplier m;
    int32_t a_zero;
    int32_t b_zero;
    grid y;
} attention;

static void attend(uint8_t *y, const uint8_t *a, const uint8_t *b, const attention *l)
{
    const heads_of *at = &l->at;

    for (int32_t h = 0; h < at->heads; h++) {
        for (int32_t i = 0; i < at->rows; i++) {
            for (int32_t j = 0; j < at->columns; j++) {
                int32_t sum = 0;

                for (int32_t k = 0; k < at->terms; k++) {
                    sum += (a[place(&at->a, h, i, k)] - l->a_zero) * (b[place(&at->b, h, k, j)] - l->b_zero);
                }
                y[place(&at->y, h, i, j)] = requantize(sum, l->m, &l->y);
            }
        }
    }
}
