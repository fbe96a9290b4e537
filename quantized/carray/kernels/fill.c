static void fill(uint8_t *y, int32_t n, uint8_t value)
{
    while (n-- > 0) {
        *y++ = value;
    }
}
