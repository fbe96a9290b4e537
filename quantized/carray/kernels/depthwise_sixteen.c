#if SIXTEEN
/* Adds to the sums of eight outputs, each of which sees the input channel of its number; weights are n apart. */
static inline void add_taps{{.Suffix}}(uint32_t sums[8], const uint8_t *x, const int8_t *w, int32_t n, const taps *at)
{
#if defined(SSE) && defined(__AVX2__)
    __m256i all = _mm256_loadu_si256((const __m256i *)sums);

    for (int32_t i = 0; i < at->rows; i++, x += at->down) {
        for (int32_t j = 0; j < at->columns; j++, w += n) { /* numbers of 32 bits, whose upper halves make no products */
            const __m256i p = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(x + j * at->right)));

            all = _mm256_add_epi32(all, _mm256_madd_epi16(p, _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)w))));
        }
    }
    _mm256_storeu_si256((__m256i *)sums, all);
#elif defined(SSE)
    __m128i low = _mm_loadu_si128((const __m128i *)sums);
    __m128i high = _mm_loadu_si128((const __m128i *)(sums + 4));

    for (int32_t i = 0; i < at->rows; i++, x += at->down) {
        for (int32_t j = 0; j < at->columns; j++, w += n) {
            const __m128i in = _mm_loadl_epi64((const __m128i *)(x + j * at->right));
            const __m128i by = _mm_loadl_epi64((const __m128i *)w);
            const __m128i p = _mm_mullo_epi16(_mm_unpacklo_epi8(in, _mm_setzero_si128()),
                _mm_srai_epi16(_mm_unpacklo_epi8(by, by), 8)); /* a product fits 16 bits */

            low = _mm_add_epi32(low, _mm_srai_epi32(_mm_unpacklo_epi16(p, p), 16));
            high = _mm_add_epi32(high, _mm_srai_epi32(_mm_unpackhi_epi16(p, p), 16));
        }
    }
    _mm_storeu_si128((__m128i *)sums, low);
    _mm_storeu_si128((__m128i *)(sums + 4), high);
#else
    for (int32_t i = 0; i < at->rows; i++, x += at->down) {
        for (int32_t j = 0; j < at->columns; j++, w += n) {
            for (int32_t k = 0; k < 8; k++) { /* compilers make vectors of this */
                sums[k] += (uint32_t)(x[j * at->right + k] * w[k]);
            }
        }
    }
#endif
}

/* Sixteen outputs from o on at one position, or eight: returns how many. */
static int32_t depthwise_sixteen{{.Suffix}}({{.Type}} *y, const uint8_t *x, const int8_t *w, const taps *at,
    const products *l, int32_t o)
{
    uint32_t sums[16] = {0};

    add_taps{{.Suffix}}(sums, x, w, l->outputs, at);
    if (l->outputs - o >= 16) {
        add_taps{{.Suffix}}(sums + 8, x + 8, w + 8, l->outputs, at);
        finish_sixteen{{.Suffix}}(y, sums, l, o);
        return 16;
    }
    for (int32_t k = 0; k < 8; k++) {
        y[k] = finish{{.Suffix}}(sums[k], l, o + k);
    }
    return 8;
}
#endif
