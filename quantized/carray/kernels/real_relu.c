static float real_relu(float x, float slope)
{
    (void)slope;
    return fused(x, 1);
}
