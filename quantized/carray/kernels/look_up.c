/* A function of one number, as a table of all bytes. */
static void look_up(uint8_t *y, const uint8_t *x, int32_t n, const uint8_t table[256])
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = table[x[i]];
    }
}
