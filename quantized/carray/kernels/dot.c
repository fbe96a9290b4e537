/*
 * The sum of (x - zero) * w: nearly all the time is spent here, so this is the
 * loop to write in your processor's SIMD instructions. No partial sum overflows.
 */
static int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t zero)
{
    int32_t sum = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += ((int32_t)x[i] - zero) * w[i];
    }
    return sum;
}
