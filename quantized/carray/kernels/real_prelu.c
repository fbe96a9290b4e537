/* A leaky ReLU of real numbers, with a slope for each channel. */
static void real_prelu(const target *y, const source *x, int32_t n, const float *slopes, int32_t channels)
{
    for (int32_t i = 0; i < n; i++) {
        const float real = real_at(x, i);

        put(y, i, real > 0.0f ? real : slopes[i % channels] * real);
    }
}
