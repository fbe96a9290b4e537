/* The sum of x. */
static uint32_t total(const uint8_t *x, int32_t n)
{
    uint32_t sum = 0;

#ifdef HELIUM
    for (; n >= 16; n -= 16, x += 16) {
        sum = vaddvaq_u8(sum, vldrbq_u8(x));
    }
#endif
#ifdef SSE
    for (; n >= 16; n -= 16, x += 16) {
        const __m128i two = _mm_sad_epu8(_mm_loadu_si128((const __m128i *)x), _mm_setzero_si128());

        sum += (uint32_t)(_mm_cvtsi128_si32(two) + _mm_extract_epi16(two, 4));
    }
#endif
#if defined(NEON) && defined(__aarch64__)
    for (; n >= 16; n -= 16, x += 16) {
        sum += vaddlvq_u8(vld1q_u8(x));
    }
#endif
    for (; n >= 4; n -= 4, x += 4) {
#if DSP
        sum = __usada8(word(x), 0, sum);
#else
        sum += (uint32_t)(x[0] + x[1] + x[2] + x[3]);
#endif
    }
    for (; n > 0; n--, x++) {
        sum += x[0];
    }
    return sum;
}
