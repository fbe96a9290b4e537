static void copy(uint8_t *y, const uint8_t *x, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = x[i];
    }
}
