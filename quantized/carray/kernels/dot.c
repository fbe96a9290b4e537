/*
 * Adds to the sums of two outputs the products of n inputs. Weights are bytes, w + 128: of
 * four inputs those of one output, then those of the other; of the last n % 4 in turn.
 */
static void dot(uint32_t sums[2], const uint8_t *x, const uint8_t *w, int32_t n)
{
    const uint8_t *const end = x + (n & ~3);
    int32_t a = 0; /* signed, of up to {{.Most}} products: compilers keep their order, which takes few registers */
    int32_t b = 0;

    while (x != end) {
        a += x[0] * w[0];
        b += x[0] * w[4];
        a += x[1] * w[1];
        b += x[1] * w[5];
        a += x[2] * w[2];
        b += x[2] * w[6];
        a += x[3] * w[3];
        b += x[3] * w[7];
        x += 4;
        w += 8;
    }
    for (n &= 3; n > 0; n--, x++, w += 2) {
        a += x[0] * w[0];
        b += x[0] * w[1];
    }
    sums[0] += (uint32_t)a;
    sums[1] += (uint32_t)b;
}
