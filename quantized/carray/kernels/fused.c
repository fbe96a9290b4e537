/* A ReLU of real numbers: 0 for none, 6 for one up to 6. */
static float fused(float real, int32_t relu)
{
    if (relu != 0 && real <= 0.0f) {
        return 0.0f;
    }
    return relu == 6 && real > 6.0f ? 6.0f : real;
}
