static float real_silu(float r, float slope)
{
    double x = (double)r;
    (void)slope;
    return (float)(x / (1.0 + exp(-x)));
}
