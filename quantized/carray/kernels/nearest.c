/* v rounded half to even. */
static int32_t nearest(float v)
{
    const int32_t whole = (int32_t)v; /* towards zero */
    const float rest = v - (float)whole;
    const int odd = whole % 2 != 0;

    if (rest > 0.5f || (rest == 0.5f && odd)) {
        return whole + 1;
    }
    if (rest < -0.5f || (rest == -0.5f && odd)) {
        return whole - 1;
    }
    return whole;
}
