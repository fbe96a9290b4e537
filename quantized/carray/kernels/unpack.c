/* n weights of few bits as int8_t. */
static void unpack(uint8_t *to, const uint8_t *from, int32_t n, int32_t bits)
{
    const int32_t each = 8 / bits; /* of a byte */

    for (int32_t i = 0; i < n; i++) {
        const int32_t u = from[i / each] >> i % each * bits & ((1 << bits) - 1);

        to[i] = (uint8_t)(u - (1 << (bits - 1)));
    }
}
