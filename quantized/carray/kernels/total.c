/* The sum of x - zero, for weights with a zero point of their own. */
static int32_t total(const uint8_t *x, int32_t n, int32_t zero)
{
    int32_t sum = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += (int32_t)x[i] - zero;
    }
    return sum;
}
