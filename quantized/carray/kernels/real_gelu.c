static float real_gelu(float r, float slope)
{
    double x = (double)r;
    (void)slope;
    return (float)(x / 2.0 * erfc(-x / 1.4142135623730951));
}
