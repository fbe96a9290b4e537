/* The sum of x, for weights with a zero point of their own. */
static uint32_t total(const uint8_t *x, int32_t n)
{
    uint32_t sum = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum;
}
