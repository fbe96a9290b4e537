static float real_hard_sigmoid(float x, float slope)
{
    const volatile float sixth = x * 0.16666667f; /* volatile: rounds before it is added */
    const float y = sixth + 0.5f;

    (void)slope;
    return y <= 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
}
