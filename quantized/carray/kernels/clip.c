/* q + zero, within the grid. */
static uint8_t clip(int32_t q, const grid *y)
{
    const int32_t low = y->min - y->zero;
    const int32_t high = y->max - y->zero;

    return (uint8_t)(y->zero + (q < low ? low : q > high ? high : q));
}
