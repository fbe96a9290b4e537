/* The integer of v = real / scale. It is clipped first, so that any v is valid. */
static uint8_t quantize(float v, const grid *y)
{
    const float low = (float)(y->min - y->zero);
    const float high = (float)(y->max - y->zero);

    return (uint8_t)(y->zero + nearest(!(v > low) ? low : v > high ? high : v));
}
