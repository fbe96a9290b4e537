static float real_hard_swish(float x, float slope)
{
    return x * real_hard_sigmoid(x, slope);
}
