#if BLOCKS
/*
 * Vectors of hosts: LANES sums, to which the products of a word of four inputs and of as many words of four weights
 * are added. Weights lie FLIP lower, for instructions that multiply signed ones.
 */
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define LANES 16
#define PLACES 8
#define FLIP 128
#elif defined(__AVX2__)
#define LANES 8
#define PLACES 4
#ifdef __AVXVNNI__
#define FLIP 128
#endif
#elif defined(SSE)
#define LANES 4
#define PLACES 2
#else
#define LANES 4
#define PLACES 4
#endif
#ifndef FLIP
#define FLIP 0
#endif
#define VECTORS (16 / LANES)
#define DEEPEST {{.Deepest}} /* inputs of an output: they and their weights are copied to the stack */

typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));
typedef lanes lanes_anywhere __attribute__((aligned(1), may_alias));

static inline lanes add_fours(lanes sums, lanes x, lanes w)
{
#if LANES == 16
    return (lanes)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)x, (__m512i)w);
#elif LANES == 8 && FLIP != 0
    return (lanes)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)x, (__m256i)w);
#elif LANES == 8 /* in halves: a sum of two products of bytes may take more */
    sums += (lanes)_mm256_madd_epi16((__m256i)(x & 0xff00ffu), (__m256i)(w & 0xff00ffu));
    return sums + (lanes)_mm256_madd_epi16(_mm256_srli_epi16((__m256i)x, 8), _mm256_srli_epi16((__m256i)w, 8));
#elif defined(SSE)
    sums += (lanes)_mm_madd_epi16((__m128i)(x & 0xff00ffu), (__m128i)(w & 0xff00ffu));
    return sums + (lanes)_mm_madd_epi16(_mm_srli_epi16((__m128i)x, 8), _mm_srli_epi16((__m128i)w, 8));
#else
    return (lanes)vdotq_u32((uint32x4_t)sums, (uint8x16_t)x, (uint8x16_t)w);
#endif
}

/* Adds to the sums of sixteen outputs at several places the products of four inputs. */
static inline void add_words(lanes sums[PLACES][VECTORS], const uint32_t words[PLACES], const uint8_t *w)
{
    lanes by[VECTORS];

#pragma GCC unroll 8
    for (int32_t v = 0; v < VECTORS; v++) {
        by[v] = *(const lanes_anywhere *)(w + 4 * LANES * v);
    }
#pragma GCC unroll 8
    for (int32_t p = 0; p < PLACES; p++) {
        const lanes zero = {0};
        const lanes in = zero + words[p];

#pragma GCC unroll 8
        for (int32_t v = 0; v < VECTORS; v++) {
            sums[p][v] = add_fours(sums[p][v], in, by[v]);
        }
    }
}

/* The sums of sixteen outputs at several places, which begin with these. */
static void dot_block(uint32_t to[PLACES][16], const uint32_t begin[PLACES], const uint8_t *const x[PLACES],
    const uint8_t *w, int32_t n)
{
    lanes sums[PLACES][VECTORS];
    uint32_t words[PLACES];

#pragma GCC unroll 8
    for (int32_t p = 0; p < PLACES; p++) {
        const lanes zero = {0};

#pragma GCC unroll 8
        for (int32_t v = 0; v < VECTORS; v++) {
            sums[p][v] = zero + begin[p];
        }
    }
    for (int32_t i = 0; i < n; i += 4, w += 64) {
#pragma GCC unroll 8
        for (int32_t p = 0; p < PLACES; p++) {
            __builtin_memcpy(&words[p], x[p] + i, 4);
        }
        add_words(sums, words, w);
    }
#pragma GCC unroll 8
    for (int32_t p = 0; p < PLACES; p++) {
#pragma GCC unroll 8
        for (int32_t v = 0; v < VECTORS; v++) {
            *(lanes_anywhere *)(to[p] + LANES * v) = sums[p][v];
        }
    }
}
{{range .Loops}}
/* The weights of a pair of sixteen outputs, which are {{.Format}}, so that words of all sixteen lie side by side. */
static void spread_pair{{.Bits}}(uint8_t *to, const uint8_t *w, int32_t n)
{
    for (; n >= 4; n -= 4, w += {{.Bits}}, to += 64) {
{{- $loop := .}}
{{- range $i, $w := .Inputs}}
        to[{{$i}}] = (uint8_t){{if eq $loop.Bits 8}}({{index $w 0}} ^ FLIP){{else}}{{index $w 0}}{{end}};
        to[4 + {{$i}}] = (uint8_t){{if eq $loop.Bits 8}}({{index $w 1}} ^ FLIP){{else}}{{index $w 1}}{{end}};
{{- end}}
    }
    for (; n > 0; n--, w += {{.Rest}}, to++) {
        to[0] = (uint8_t){{if eq .Bits 8}}({{index .Last 0}} ^ FLIP){{else}}{{index .Last 0}}{{end}};
        to[4] = (uint8_t){{if eq .Bits 8}}({{index .Last 1}} ^ FLIP){{else}}{{index .Last 1}}{{end}};
    }
}
{{end}}
static inline void spread_pair(uint8_t *to, const uint8_t *w, const products *l)
{
{{call .Choose "spread_pair" "to, w, l->inputs"}}
}
#endif
