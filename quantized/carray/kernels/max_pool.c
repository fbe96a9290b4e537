/* The greatest integer is the greatest number: x and y share a scale. */
static uint8_t max_at(const uint8_t *x, const window *l, const area *a)
{
    uint8_t greatest = 0;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            const uint8_t q = x[((a->row + i) * l->width + a->column + j) * l->channels];

            greatest = q > greatest ? q : greatest;
        }
    }
    return greatest;
}

static void max_pool(uint8_t *y, const uint8_t *x, const window *l)
{
    for (int32_t row = 0; row < l->out_height; row++) {
        for (int32_t column = 0; column < l->out_width; column++) {
            const area a = area_at(l, row, column);

            for (int32_t c = 0; c < l->channels; c++) {
                *y++ = max_at(x + c, l, &a);
            }
        }
    }
}
