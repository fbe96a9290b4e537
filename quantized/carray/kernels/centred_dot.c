/*
 * The sum of (x - zero) * w, where the image has padding: there x = zero. gcc 12
 * miscompiles the loop that subtracts before it multiplies, for processors with
 * VNNI or i8mm.
 */
static uint32_t centred_dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t zero)
{
    uint32_t sum = 0;
    int32_t weights = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += (uint32_t)(x[i] * w[i]);
        weights += w[i];
    }
    return sum - (uint32_t)zero * (uint32_t)weights;
}
