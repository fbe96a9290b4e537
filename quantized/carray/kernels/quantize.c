/* The integer of v = real / scale. It is clipped first, so that any v is valid. */
static inline uint8_t quantize(float v, const grid *y)
{
    const float low = (float)y->low;
    const float high = (float)y->high;

    return (uint8_t)(y->zero + nearest(!(v > low) ? low : v > high ? high : v));
}
