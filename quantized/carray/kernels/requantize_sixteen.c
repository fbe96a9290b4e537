#if defined(SSE) && defined(__AVX512BW__)
/* Sixteen outputs of sums and biases. */
static inline void requantize_sixteen(uint8_t *y, const uint32_t sums[16], const int32_t *bias, const float *m, const grid *g)
{
    const __m512i low = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)sums)); /* halves, as they are stored */
    const __m512i all = _mm512_inserti64x4(low, _mm256_loadu_si256((const __m256i *)(sums + 8)), 1);
    const __m512i sum = _mm512_add_epi32(all, _mm512_loadu_si512(bias));
    const __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(m));
    const __m512 clipped = _mm512_min_ps(_mm512_set1_ps((float)g->high), _mm512_max_ps(v, _mm512_set1_ps((float)g->low)));

    _mm_storeu_si128((__m128i *)y,
        _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(clipped), _mm512_set1_epi32(g->zero))));
}
#elif defined(SSE)
/* Four outputs of sums and biases, in 32 bits. */
static inline __m128i requantized(const uint32_t sums[4], const int32_t *bias, const float *m, const grid *g)
{
    const __m128i sum = _mm_add_epi32(_mm_loadu_si128((const __m128i *)sums), _mm_loadu_si128((const __m128i *)bias));
    const __m128 v = _mm_mul_ps(_mm_cvtepi32_ps(sum), _mm_loadu_ps(m));
    const __m128 clipped = _mm_min_ps(_mm_set1_ps((float)g->high), _mm_max_ps(v, _mm_set1_ps((float)g->low)));

    return _mm_add_epi32(_mm_cvtps_epi32(clipped), _mm_set1_epi32(g->zero));
}

static inline void requantize_sixteen(uint8_t *y, const uint32_t sums[16], const int32_t *bias, const float *m, const grid *g)
{
    const __m128i low = _mm_packs_epi32(requantized(sums, bias, m, g), requantized(sums + 4, bias + 4, m + 4, g));
    const __m128i high = _mm_packs_epi32(requantized(sums + 8, bias + 8, m + 8, g),
        requantized(sums + 12, bias + 12, m + 12, g));

    _mm_storeu_si128((__m128i *)y, _mm_packus_epi16(low, high));
}
#elif defined(NEON) && defined(__aarch64__)
/* Four outputs of sums and biases. */
static inline uint16x4_t requantized(const uint32_t sums[4], const int32_t *bias, const float *m, const grid *g)
{
    const int32x4_t sum = vaddq_s32(vreinterpretq_s32_u32(vld1q_u32(sums)), vld1q_s32(bias));
    const float32x4_t v = vmulq_f32(vcvtq_f32_s32(sum), vld1q_f32(m));
    const float32x4_t clipped = vminq_f32(vmaxq_f32(v, vdupq_n_f32((float)g->low)), vdupq_n_f32((float)g->high));

    return vmovn_u32(vreinterpretq_u32_s32(vaddq_s32(vcvtnq_s32_f32(clipped), vdupq_n_s32(g->zero))));
}

static inline void requantize_sixteen(uint8_t *y, const uint32_t sums[16], const int32_t *bias, const float *m, const grid *g)
{
    for (int32_t k = 0; k < 16; k += 8) {
        const uint16x4_t low = requantized(sums + k, bias + k, m + k, g);
        const uint16x4_t high = requantized(sums + k + 4, bias + k + 4, m + k + 4, g);

        vst1_u8(y + k, vmovn_u16(vcombine_u16(low, high)));
    }
}
#endif
