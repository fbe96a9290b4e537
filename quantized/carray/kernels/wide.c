/*
 * x86-64 multiplies WIDE inputs by the weights of two outputs at once, in 16 bits, and aarch64 with UDOT: of
 * four inputs those of one output, then those of the other, so that inputs are repeated by fours.
 */
#if defined(SSE) && defined(__AVX512BW__)
#define WIDE 16
typedef __m512i wide;

static inline wide inputs_of(const uint8_t *x)
{
    const __m256i fours = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    const __m256i in = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)x));

    return _mm512_cvtepu8_epi16(_mm256_permutevar8x32_epi32(in, fours));
}

static inline wide weights_of(const uint8_t *w)
{
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)w));
}

static inline wide add_products(wide sums, wide x, wide w)
{
    return _mm512_add_epi32(sums, _mm512_madd_epi16(x, w));
}

static inline __m128i four_of(wide sums)
{
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));

    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}
#elif defined(SSE) && defined(__AVX2__)
#define WIDE 8
typedef __m256i wide;

static inline wide inputs_of(const uint8_t *x)
{
    return _mm256_cvtepu8_epi16(_mm_shuffle_epi32(_mm_loadl_epi64((const __m128i *)x), 0x50));
}

static inline wide weights_of(const uint8_t *w)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)w));
}

static inline wide add_products(wide sums, wide x, wide w)
{
    return _mm256_add_epi32(sums, _mm256_madd_epi16(x, w));
}

static inline __m128i four_of(wide sums)
{
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}
#elif defined(SSE)
#define WIDE 4
typedef __m128i wide;

static inline wide inputs_of(const uint8_t *x)
{
    const int32_t in = x[0] | x[1] << 8 | x[2] << 16 | (int32_t)((uint32_t)x[3] << 24);

    return _mm_unpacklo_epi8(_mm_set1_epi32(in), _mm_setzero_si128());
}

static inline wide weights_of(const uint8_t *w)
{
    return _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)w), _mm_setzero_si128());
}

static inline wide add_products(wide sums, wide x, wide w)
{
    return _mm_add_epi32(sums, _mm_madd_epi16(x, w));
}

static inline __m128i four_of(wide sums)
{
    return sums;
}
#elif BLOCKS
#define WIDE 16
typedef uint32x4_t wide;

static inline uint32x4_t inputs_of(const uint8_t *x)
{
    return vreinterpretq_u32_u8(vld1q_u8(x));
}

static inline uint8x16x2_t weights_of(const uint8_t *w)
{
    uint8x16x2_t v;

    v.val[0] = vld1q_u8(w);
    v.val[1] = vld1q_u8(w + 16);
    return v;
}

static inline wide add_products(wide sums, uint32x4_t x, uint8x16x2_t w)
{
    sums = vdotq_u32(sums, vreinterpretq_u8_u32(vzip1q_u32(x, x)), w.val[0]);
    return vdotq_u32(sums, vreinterpretq_u8_u32(vzip2q_u32(x, x)), w.val[1]);
}

/* Adds what the lanes hold: one of each output, and again. */
static inline void add_lanes(uint32_t sums[2], wide lanes)
{
    const uint32x2_t two = vadd_u32(vget_low_u32(lanes), vget_high_u32(lanes));

    sums[0] += vget_lane_u32(two, 0);
    sums[1] += vget_lane_u32(two, 1);
}
#endif

#if defined(WIDE) && defined(SSE)
/* Adds what the lanes hold: two of one output, two of the other. */
static inline void add_lanes(uint32_t sums[2], wide lanes)
{
    const __m128i four = four_of(lanes);
    const __m128i two = _mm_add_epi32(four, _mm_srli_epi64(four, 32));

    sums[0] += (uint32_t)_mm_cvtsi128_si32(two);
    sums[1] += (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(two, 8));
}
#endif
