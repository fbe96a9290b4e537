/* A function that is fused into a layer of real numbers; 0: none, 1: ReLU, 6: ReLU6. */
static float fused(float real, int32_t relu)
{
    if (relu != 0 && real <= 0.0f) {
        return 0.0f;
    }
    return relu == 6 && real > 6.0f ? 6.0f : real;
}
