/*
 * The sum of x * w. Nearly all the time is spent here, so this is the loop to
 * rewrite with your processor's SIMD instructions. Before a layer's sum, which
 * fits int32_t, is complete, unsigned numbers may wrap around.
 */
static uint32_t dot(const uint8_t *x, const int8_t *w, int32_t n)
{
    uint32_t sum = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += (uint32_t)(x[i] * w[i]);
    }
    return sum;
}
