/* q + zero, within the grid. */
static inline uint8_t clip(int32_t q, const grid *y)
{
    q = q < y->low ? y->low : q > y->high ? y->high : q;
    return (uint8_t)(q + y->zero);
}
