static float real_softplus(float r, float slope)
{
    double x = (double)r;
    (void)slope;
    return (float)((x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x))));
}
