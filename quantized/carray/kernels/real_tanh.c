static float real_tanh(float x, float slope)
{
    (void)slope;
    return (float)tanh((double)x);
}
