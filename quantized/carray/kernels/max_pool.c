/* The greater of y and x, n times. */
static void raise(uint8_t *y, const uint8_t *x, int32_t n)
{
#ifdef HELIUM
    for (; n >= 16; n -= 16, y += 16, x += 16) {
        vstrbq_u8(y, vmaxq_u8(vldrbq_u8(y), vldrbq_u8(x)));
    }
#endif
    for (int32_t i = 0; i < n; i++) {
        const uint8_t a = y[i];
        const uint8_t b = x[i];

        y[i] = b > a ? b : a;
    }
}

/* The greatest integer is the greatest number: x and y share a scale. */
static void max_pool(uint8_t *y, const uint8_t *x, const window *l)
{
    const int32_t n = l->channels;

    for (int32_t row = 0; row < l->out_height; row++) {
        for (int32_t column = 0; column < l->out_width; column++, y += n) {
            const area a = area_at(l, row, column);
            const uint8_t *from = first_tap(x, l, &a);

            copy(y, from, n);
            for (int32_t i = a.top; i < a.bottom; i++, from += l->width * n) {
                for (int32_t j = i == a.top; j < a.right - a.left; j++) {
                    raise(y, from + j * n, n);
                }
            }
        }
    }
}
