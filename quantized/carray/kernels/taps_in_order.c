#if SIXTEEN
#define MOST_PAIRS 64
#define ORDERED {{.Ordered}} /* weights that are in order */

/* The weights of depthwise layers as vectors read them, of the outputs before end, and where their taps are. */
typedef struct {
    int32_t end;
#ifdef SSE
    int32_t pairs;
    taps at; /* that offsets are of */
    int32_t offsets[2 * MOST_PAIRS];
    int16_t weights[ORDERED];
#else
    taps at;
    const int8_t *weights;
    int32_t n;
#endif
} taps_in_order;

#ifdef SSE
/* Weights of two taps lie side by side, as the products of both are added at once: those of eight outputs in turn. */
static void order_weights(taps_in_order *to, const int8_t *w, const convolution *c)
{
    const int32_t n = c->of.outputs;
    const int32_t all = c->at.kernel_height * c->at.kernel_width;
    int16_t *next = to->weights;

    to->pairs = (all + 1) / 2;
    to->at.rows = 0;
    to->end = n != c->at.channels || to->pairs > MOST_PAIRS ? 0 : ORDERED / (32 * to->pairs) * 16;
    to->end = to->end < n ? to->end : n / 8 * 8;
    for (int32_t o = 0; o < to->end; o += 8) {
        for (int32_t t = 0; t < 2 * to->pairs; t += 2, next += 16) {
            for (int32_t k = 0; k < 8; k++) {
                next[2 * k] = w[t * n + o + k];
                next[2 * k + 1] = t + 1 < all ? w[(t + 1) * n + o + k] : (int16_t)0;
            }
        }
    }
}

/* Where the taps of a place are: as those of the place before, or some are in a copy. */
static inline void order_taps(taps_in_order *to, const taps *at)
{
    int32_t *next = to->offsets;

    if (to->at.rows == at->rows && to->at.down == at->down && to->at.right == at->right) {
        return;
    }
    to->at = *at;
    for (int32_t i = 0; to->end > 0 && i < at->rows; i++) {
        for (int32_t j = 0; j < at->columns; j++) {
            *next++ = i * at->down + j * at->right;
        }
    }
    if (at->rows * at->columns % 2 != 0) {
        *next = 0; /* its weights are 0 */
    }
}

/* The sums of eight outputs from o on, each of which sees the input channel of its number. */
static inline void sum_taps(uint32_t sums[8], const uint8_t *x, const taps_in_order *t, int32_t o)
{
    const int32_t *const end = t->offsets + 2 * t->pairs;
    const int16_t *w = t->weights + 2 * t->pairs * o;
#ifdef __AVX2__
    __m256i all = _mm256_setzero_si256();
#else
    __m128i low = _mm_setzero_si128();
    __m128i high = _mm_setzero_si128();
#endif

    for (const int32_t *at = t->offsets; at != end; at += 2, w += 16) {
        const __m128i first = _mm_loadl_epi64((const __m128i *)(x + at[0]));
        const __m128i in = _mm_unpacklo_epi8(first, _mm_loadl_epi64((const __m128i *)(x + at[1])));
#ifdef __AVX2__
        const __m256i by = _mm256_loadu_si256((const __m256i *)w);

        all = _mm256_add_epi32(all, _mm256_madd_epi16(_mm256_cvtepu8_epi16(in), by));
#else
        const __m128i zero = _mm_setzero_si128();
        const __m128i p = _mm_madd_epi16(_mm_unpacklo_epi8(in, zero), _mm_loadu_si128((const __m128i *)w));
        const __m128i q = _mm_madd_epi16(_mm_unpackhi_epi8(in, zero), _mm_loadu_si128((const __m128i *)(w + 8)));

        low = _mm_add_epi32(low, p);
        high = _mm_add_epi32(high, q);
#endif
    }
#ifdef __AVX2__
    _mm256_storeu_si256((__m256i *)sums, all);
#else
    _mm_storeu_si128((__m128i *)sums, low);
    _mm_storeu_si128((__m128i *)(sums + 4), high);
#endif
}
#else
static inline void order_weights(taps_in_order *to, const int8_t *w, const convolution *c)
{
    to->weights = w;
    to->n = c->of.outputs;
    to->end = to->n == c->at.channels ? to->n / 8 * 8 : 0;
}

static inline void order_taps(taps_in_order *to, const taps *at)
{
    to->at = *at;
}

/* The sums of eight outputs from o on, each of which sees the input channel of its number. */
static inline void sum_taps(uint32_t sums[8], const uint8_t *x, const taps_in_order *t, int32_t o)
{
    const int8_t *w = t->weights + o;
    int32x4_t low = vdupq_n_s32(0);
    int32x4_t high = vdupq_n_s32(0);

    for (int32_t i = 0; i < t->at.rows; i++, x += t->at.down) {
        for (int32_t j = 0; j < t->at.columns; j++, w += t->n) {
            const int16x8_t in = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(x + j * t->at.right)));
            const int16x8_t by = vmovl_s8(vld1_s8(w));

            low = vmlal_s16(low, vget_low_s16(in), vget_low_s16(by));
            high = vmlal_s16(high, vget_high_s16(in), vget_high_s16(by));
        }
    }
    vst1q_u32(sums, vreinterpretq_u32_s32(low));
    vst1q_u32(sums + 4, vreinterpretq_u32_s32(high));
}
#endif
#endif
