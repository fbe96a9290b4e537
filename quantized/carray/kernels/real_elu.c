static float real_elu(float r, float slope)
{
    double x = (double)r;
    (void)slope;
    return (float)(x > 0.0 ? x : expm1(x));
}
