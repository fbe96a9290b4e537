static float real_leaky_relu(float x, float slope)
{
    return x < 0.0f ? slope * x : x;
}
