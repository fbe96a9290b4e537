typedef struct {
    heads_of at;
    float factor; /* of a */
    int32_t relu;
} real_attention;

static void real_attend(const target *y, const source *a, const source *b, const real_attention *l)
{
    const heads_of *at = &l->at;

    for (int32_t h = 0; h < at->heads; h++) {
        for (int32_t i = 0; i < at->rows; i++) {
            for (int32_t j = 0; j < at->columns; j++) {
                double sum = 0.0;

                for (int32_t k = 0; k < at->terms; k++) {
                    const volatile float first = real_at(a, place(&at->a, h, i, k)); /* volatile: rounds by itself */
                    const volatile float scaled = first * l->factor;
                    const volatile float second = real_at(b, place(&at->b, h, k, j));

                    sum += (double)scaled * (double)second;
                }
                put(y, place(&at->y, h, i, j), fused((float)sum, l->relu));
            }
        }
    }
}
