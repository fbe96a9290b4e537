static float real_sigmoid(float x, float slope)
{
    (void)slope;
    return (float)(1.0 / (1.0 + exp(-(double)x)));
}
