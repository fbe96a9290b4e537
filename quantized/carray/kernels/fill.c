static void fill(uint8_t *y, int32_t n, uint8_t value)
{
#ifdef HELIUM
    for (; n >= 16; n -= 16, y += 16) {
        vstrbq_u8(y, vdupq_n_u8(value));
    }
#endif
    while (n-- > 0) {
        *y++ = value;
    }
}
