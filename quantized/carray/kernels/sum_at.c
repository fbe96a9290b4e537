/* The sum of a channel's taps, which are `right` apart, and `down` from row to row. */
static uint32_t sum_at(const uint8_t *x, int32_t rows, int32_t columns, int32_t down, int32_t right)
{
    uint32_t sum = 0;

    if (down == columns * right) { /* as if it were one row */
        columns *= rows;
        rows = 1;
    }
    for (down -= columns * right; rows > 0; rows--, x += down) {
        for (int32_t j = columns; j > 1; j -= 2, x += 2 * right) {
            sum += x[0];
            sum += x[right];
        }
        if (columns % 2 != 0) { /* not j > 0: there gcc 12 goes wrong, with -Os on a Cortex-M55 */
            sum += x[0];
            x += right;
        }
    }
    return sum;
}
