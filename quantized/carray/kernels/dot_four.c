#ifdef HELIUM
/* Where the weights of an output and of the next are among those of dot: of 16 inputs, and of the last n % 16. */
static void lanes_of(uint8x16_t at[4], int32_t n)
{
    const uint8x16_t i = vidupq_n_u8(0, 1);
    const mve_pred16_t alternate = vcmpcsq_n_u8(i, (uint8_t)(n % 16 & ~3));

    at[0] = vaddq_u8(i, vandq_u8(i, vdupq_n_u8(0xfc))); /* 0 1 2 3, 8 9 10 11, ... */
    at[1] = vaddq_n_u8(at[0], 4);
    at[2] = vpselq_u8(vaddq_u8(i, i), at[0], alternate);
    at[3] = vpselq_u8(vaddq_n_u8(vaddq_u8(i, i), 1), at[1], alternate);
}

/*
 * The sums of the products of n inputs with the weights of four outputs: w has the weights of
 * two of them, as in dot, and v those of the others, at any address.
 */
static __attribute__((noinline)) uint32x4_t gather_four(const uint8_t *x, const uint8_t *w, const uint8_t *v, int32_t n,
    const uint8x16_t at[4])
{
    uint32_t a = 0, b = 0, c = 0, d = 0;

    for (; n >= 16; n -= 16, x += 16, w += 32, v += 32) {
        const uint8x16_t in = vldrbq_u8(x);

        a = vmladavaq_u8(a, in, vldrbq_gather_offset_u8(w, at[0]));
        b = vmladavaq_u8(b, in, vldrbq_gather_offset_u8(w, at[1]));
        c = vmladavaq_u8(c, in, vldrbq_gather_offset_u8(v, at[0]));
        d = vmladavaq_u8(d, in, vldrbq_gather_offset_u8(v, at[1]));
    }
    if (n > 0) {
        const mve_pred16_t p = vctp8q((uint32_t)n);
        const uint8x16_t in = vldrbq_z_u8(x, p);

        a = vmladavaq_u8(a, in, vldrbq_gather_offset_z_u8(w, at[2], p));
        b = vmladavaq_u8(b, in, vldrbq_gather_offset_z_u8(w, at[3], p));
        c = vmladavaq_u8(c, in, vldrbq_gather_offset_z_u8(v, at[2], p));
        d = vmladavaq_u8(d, in, vldrbq_gather_offset_z_u8(v, at[3], p));
    }
    return vsetq_lane_u32(d, vsetq_lane_u32(c, vsetq_lane_u32(b, vdupq_n_u32(a), 1), 2), 3);
}

/* Adds the products of 16 inputs, where weights are at multiples of 4 bytes. */
static inline void add_block(uint32_t sums[4], uint8x16_t in, const uint8_t *w, const uint8_t *v)
{
    const uint32x4x2_t ab = vld2q_u32((const uint32_t *)w);
    const uint32x4x2_t cd = vld2q_u32((const uint32_t *)v);

    sums[0] = vmladavaq_u8(sums[0], in, vreinterpretq_u8_u32(ab.val[0]));
    sums[1] = vmladavaq_u8(sums[1], in, vreinterpretq_u8_u32(ab.val[1]));
    sums[2] = vmladavaq_u8(sums[2], in, vreinterpretq_u8_u32(cd.val[0]));
    sums[3] = vmladavaq_u8(sums[3], in, vreinterpretq_u8_u32(cd.val[1]));
}

/* The same sums of odd + 16 * n inputs, odd < 16, n > 0, where weights are at multiples of 4 bytes. */
static uint32x4_t dot_four(const uint8_t *x, const uint8_t *w, const uint8_t *v, int32_t odd, int32_t n)
{
    uint32_t sums[4] = {0, 0, 0, 0};

    if (odd > 0) {
        add_block(sums, vldrbq_z_u8(x, vctp8q((uint32_t)odd)), w, v);
        __asm__("" : "+r"(w), "+r"(v)); /* or gcc 12 lets VLD2 increment by a register, which it cannot */
        x += odd;
        w += 2 * odd;
        v += 2 * odd;
    }
    for (; n > 0; n--, x += 16, w += 32, v += 32) {
        add_block(sums, vldrbq_u8(x), w, v);
    }
    return vsetq_lane_u32(sums[3], vsetq_lane_u32(sums[2], vsetq_lane_u32(sums[1], vdupq_n_u32(sums[0]), 1), 2), 3);
}
#endif
