/*
 * tiny_fixed.c: a quantized neural network, written by petrify.
 * tiny_fixed.h says what it is for and what it was made from.
 */
#include "tiny_fixed.h"

#if TINY_FIXED_EXPORT != 0xa59b5bc9
#error "tiny_fixed.h and tiny_fixed.c are of different exports"
#endif

/* Vectors, where the processor has them: Arm's, with floats if this file uses any, and those of hosts. */
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1) != 0
#include <arm_mve.h>
#define HELIUM
#endif
#if defined(__ARM_NEON) && defined(__GNUC__)
#include <arm_neon.h>
#define NEON
#endif
#if defined(__SSE2__) && defined(__x86_64__) && defined(__GNUC__) && !defined(__TINYC__)
#ifdef __AVX2__
#include <immintrin.h>
#else
#include <emmintrin.h>
#endif
#define SSE
#endif

/*
 * 16-bit Thumb has few registers, and multiplies to 32 bits. SIMD instructions of Cortex-M4, M7
 * and others multiply two pairs of numbers at once: with them, convolutions compute four places
 * at once, without them and without vectors two. Vectors of hosts take 16 channels of depthwise
 * layers, others slide along one.
 */
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1 && !defined(__ARM_ARCH_ISA_ARM)
#define SMALL 1
#else
#define SMALL 0
#endif
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__) && defined(__GNUC__) && \
    !defined(__ARM_BIG_ENDIAN)
#include <arm_acle.h>
#define DSP 1
#else
#define DSP 0
#endif
#if DSP && !defined(HELIUM)
#define FOUR_PLACES 1
#else
#define FOUR_PLACES 0
#endif
#if defined(SSE) || (defined(NEON) && defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD) && !defined(__AARCH64EB__))
#define BLOCKS 1
#else
#define BLOCKS 0
#endif
#if !SMALL && !DSP && !defined(HELIUM) && !BLOCKS
#define TWO_PLACES 1
#else
#define TWO_PLACES 0
#endif
#if defined(SSE) || defined(NEON)
#define SIXTEEN 1
#else
#define SIXTEEN 0
#endif
#if (FOUR_PLACES || TWO_PLACES || BLOCKS) && !SIXTEEN
#define SLIDES 1
#else
#define SLIDES 0
#endif
#if defined(__GNUC__)
#define NOINLINE __attribute__((noinline)) /* for its registers */
#else
#define NOINLINE
#endif

/* v rounded half to even, as a float whose last bit is 1 has no others: |v| < 2^22. */
static inline int32_t nearest(float v)
{
    union {
        float real;
        int32_t bits;
    } whole;

    whole.real = v + 12582912.0f; /* 2^23 + 2^22 */
    return whole.bits - 0x4b400000;
}

/* A tensor's integers: real = scale * q, and q + zero is stored, low <= q <= high. */
typedef struct {
    int32_t zero;
    int32_t low;
    int32_t high;
} grid;

/* The integer of v = real / scale. It is clipped first, so that any v is valid. */
static inline uint8_t quantize(float v, const grid *y)
{
    const float low = (float)y->low;
    const float high = (float)y->high;

    return (uint8_t)(y->zero + nearest(!(v > low) ? low : v > high ? high : v));
}

/* q + zero, within the grid. */
static inline uint8_t clip(int32_t q, const grid *y)
{
#if !SMALL
    q += y->zero; /* q is not near the limits of int32_t, and every byte is on the grids of this file */
#if DSP
    return (uint8_t)__usat(q, 8);
#else
    return (uint8_t)((uint32_t)q <= 255u ? q : q < 0 ? 0 : 255);
#endif
#else
    q = q < y->low ? y->low : q > y->high ? y->high : q;
    return (uint8_t)(q + y->zero);
#endif
}

#ifdef HELIUM
/* q + zero, within the grid, four times. */
static void put_four(uint8_t *y, int32x4_t q, const grid *g)
{
    q = vminq_s32(vmaxq_s32(q, vdupq_n_s32(g->low)), vdupq_n_s32(g->high));
    vstrbq_s32((int8_t *)y, vaddq_n_s32(q, g->zero));
}
#endif

/* A number in fixed point: q * 2^(shift - 31), 2^30 <= q < 2^31. */
typedef struct {
    int32_t q;
    int32_t shift;
} multiplier;

/* Negative numbers shift as in two's complement, or this does not compile. */
typedef char arithmetic_shift[(-3 >> 1) == -2 ? 1 : -1];

/* a * q / 2^31, rounded down, or half up. */
static inline int32_t high(int32_t a, int32_t q, int32_t half)
{
#if SMALL
    /* The processor multiplies to 32 bits: parts of 16, the upper ones signed. */
    const int32_t upper = a >> 16;
    const uint32_t lower = (uint32_t)a & 0xffffu;
    const int32_t q_upper = q >> 16;
    const uint32_t q_lower = (uint32_t)q & 0xffffu;
    const int32_t first = upper * (int32_t)q_lower;
    const uint32_t second = lower * (uint32_t)q_upper + (lower * q_lower >> 16);
    const uint32_t middle = ((uint32_t)first & 0xffffu) + (second & 0xffffu) + (half ? 1u << 14 : 0u);

    return 2 * (upper * q_upper + (first >> 16) + (int32_t)(second >> 16)) + (int32_t)(middle >> 15);
#elif DSP
    int32_t v;

    if (half) { /* in this file |a| < 2^30 */
        __asm__("smmulr %0, %1, %2" : "=r"(v) : "r"(2 * a), "r"(q));
    } else {
        __asm__("smmul %0, %1, %2" : "=r"(v) : "r"(2 * a), "r"(q));
    }
    return v;
#else
    return (int32_t)(((int64_t)(2 * a) * q + (half ? (int64_t)1 << 31 : 0)) >> 32); /* in this file |a| < 2^30 */
#endif
}

/* v / 2^bits, rounded half up, 0 < bits < 32. */
static inline int32_t shifted(int32_t v, int32_t bits)
{
    return ((v >> (bits - 1)) + 1) >> 1;
}

/* a * m, rounded twice: to 32 bits half up, then by the shift half away from zero. */
static inline int32_t multiply(int32_t a, multiplier m)
{
    a = high(a, m.q, 1);
    return m.shift < 0 ? shifted(a - (a < 0), -m.shift) : a;
}

/* Sums become integers by one fixed-point multiplication. */
static inline uint8_t requantize(int32_t sum, multiplier m, const grid *y)
{
    return clip(multiply(sum, m), y);
}

#ifdef HELIUM
/* Four products at once, each as multiply gives it. */
static int32x4_t multiply_four(int32x4_t v, int32x4_t q, int32x4_t shift)
{
    const int32x4_t right = shift;

    v = vqrdmulhq_s32(v, q);
    return vrshlq_s32(vaddq_s32(v, vshrq_n_s32(vandq_s32(v, right), 31)), right); /* half away from zero */
}
#endif

#ifdef HELIUM
/* Four sums become integers, each as in requantize. */
static void requantize_four(uint8_t *y, int32x4_t sums, const multiplier *m, const grid *g)
{
    const int32x4x2_t by = vld2q_s32(&m->q);

    put_four(y, multiply_four(sums, by.val[0], by.val[1]), g);
}
#endif

static void copy(uint8_t *y, const uint8_t *x, int32_t n)
{
#ifdef HELIUM
    for (; n >= 16; n -= 16, x += 16, y += 16) {
        vstrbq_u8(y, vldrbq_u8(x));
    }
#endif
#ifdef SSE
    for (; n >= 16; n -= 16, x += 16, y += 16) {
        _mm_storeu_si128((__m128i *)y, _mm_loadu_si128((const __m128i *)x));
    }
#endif
#ifdef NEON
    for (; n >= 16; n -= 16, x += 16, y += 16) {
        vst1q_u8(y, vld1q_u8(x));
    }
#endif
#if SIXTEEN /* the first and the last of them, which may be the same */
    if (n >= 8) {
        uint64_t first, last;

        __builtin_memcpy(&first, x, 8);
        __builtin_memcpy(&last, x + n - 8, 8);
        __builtin_memcpy(y, &first, 8);
        __builtin_memcpy(y + n - 8, &last, 8);
        return;
    }
    if (n >= 4) {
        uint32_t first, last;

        __builtin_memcpy(&first, x, 4);
        __builtin_memcpy(&last, x + n - 4, 4);
        __builtin_memcpy(y, &first, 4);
        __builtin_memcpy(y + n - 4, &last, 4);
        return;
    }
#endif
    for (; n >= 4; n -= 4, x += 4, y += 4) {
        const uint8_t a = x[0];
        const uint8_t b = x[1];
        const uint8_t c = x[2];
        const uint8_t d = x[3];

        y[0] = a;
        y[1] = b;
        y[2] = c;
        y[3] = d;
    }
    while (n-- > 0) {
        *y++ = *x++;
    }
}

/* The int32_t that an unsigned number wraps around to. */
static inline int32_t wrapped(uint32_t sum)
{
    return sum <= INT32_MAX ? (int32_t)sum : -(int32_t)(UINT32_MAX - sum) - 1;
}

/* Sums of products, and what makes outputs of them. */
typedef struct {
    const uint8_t *weights;
    const int32_t *bias; /* less x's zero point times the sum of the weights */
    const multiplier *multipliers; /* one per output */
    int32_t inputs; /* of one output */
    int32_t outputs;
    grid y;
} products;

/* An output, of the products' sum. With its bias it fits int32_t; before, it may wrap around. */
static inline uint8_t finish_by(uint32_t products_sum, int32_t bias,
    multiplier m, const products *l)
{
    const int32_t sum = wrapped((uint32_t)bias + products_sum);


    return requantize(sum, m, &l->y);
}

/* Output o. */
static inline uint8_t finish(uint32_t products_sum, const products *l, int32_t o)
{
    return finish_by(products_sum, l->bias[o], l->multipliers[o], l);
}

#if DSP
/* Four bytes at any address. */
static inline uint32_t word(const uint8_t *p)
{
    uint32_t w;

    __builtin_memcpy(&w, p, 4); /* one instruction, no call */
    return w;
}
#endif

#if DSP
/* Bytes 0 and 2 of a word as two halves, and bytes 1 and 3. */
static inline int32_t even(uint32_t w)
{
    return (int32_t)(w & 0xff00ffu);
}

static inline int32_t odd(uint32_t w)
{
    int32_t halves;

    __asm__("uxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(w)); /* compilers take two instructions */
    return halves;
}
#endif

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

#if DSP
/* Adds to the sums of two outputs the products of four inputs, of which p has 0 and 2, q 1 and 3. */
static inline void add_four8(uint32_t sums[2], int32_t p, int32_t q, const uint8_t *w)
{
    const uint32_t u = word(w);
    const uint32_t v = word(w + 4);

    sums[0] = (uint32_t)__smlad(p, even(u), (int32_t)sums[0]);
    sums[0] = (uint32_t)__smlad(q, odd(u), (int32_t)sums[0]);
    sums[1] = (uint32_t)__smlad(p, even(v), (int32_t)sums[1]);
    sums[1] = (uint32_t)__smlad(q, odd(v), (int32_t)sums[1]);
}
#endif

/*
 * Adds to the sums of two outputs the products of n inputs. Weights are bytes, w + 128: of
 * four inputs those of one output, then those of the other; of the last n % 4 in turn.
 */
#if FOUR_PLACES
/* And to those of two more, whose weights are v. */
static NOINLINE void dot8(uint32_t sums[4], const uint8_t *x, const uint8_t *w, const uint8_t *v, int32_t n)
{
    const uint8_t *const end = x + (n & ~3);
    uint32_t ab[2];
    uint32_t cd[2];

    ab[0] = sums[0];
    ab[1] = sums[1];
    cd[0] = sums[2];
    cd[1] = sums[3];
    while (x != end) {
        const int32_t p = even(word(x));
        const int32_t q = odd(word(x));

        add_four8(ab, p, q, w);
        x += 4;
        w += 8;
        add_four8(cd, p, q, v);
        v += 8;
    }
    for (n &= 3; n > 0; n--, x++, w += 2, v += 2) {
        ab[0] += (uint32_t)(x[0] * w[0]);
        ab[1] += (uint32_t)(x[0] * w[1]);
        cd[0] += (uint32_t)(x[0] * v[0]);
        cd[1] += (uint32_t)(x[0] * v[1]);
    }
    sums[0] = ab[0];
    sums[1] = ab[1];
    sums[2] = cd[0];
    sums[3] = cd[1];
}
#else
static void dot8(uint32_t sums[2], const uint8_t *x, const uint8_t *w, int32_t n)
{
#ifdef WIDE
    wide lanes = {0};

    for (; n >= WIDE; n -= WIDE, x += WIDE, w += 2 * WIDE) {
        lanes = add_products(lanes, inputs_of(x), weights_of(w));
    }
    add_lanes(sums, lanes);
#endif
    const uint8_t *const end = x + (n & ~3);
    int32_t a = 0; /* signed, of up to 32768 products: compilers keep their order, which takes few registers */
    int32_t b = 0;
#if DSP
    uint32_t pair[2] = {0, 0};

    for (; x != end; x += 4, w += 8) {
        add_four8(pair, even(word(x)), odd(word(x)), w);
    }
    a = (int32_t)pair[0];
    b = (int32_t)pair[1];
#endif

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
#endif

#if TWO_PLACES
/* The same at two places, whose sums follow each other. */
static void dots8(uint32_t sums[4], const uint8_t *x, const uint8_t *z, const uint8_t *w, int32_t n)
{
    const uint8_t *const end = x + (n & ~3);
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;

    while (x != end) {
        a += x[0] * w[0];
        b += x[0] * w[4];
        c += z[0] * w[0];
        d += z[0] * w[4];
        a += x[1] * w[1];
        b += x[1] * w[5];
        c += z[1] * w[1];
        d += z[1] * w[5];
        a += x[2] * w[2];
        b += x[2] * w[6];
        c += z[2] * w[2];
        d += z[2] * w[6];
        a += x[3] * w[3];
        b += x[3] * w[7];
        c += z[3] * w[3];
        d += z[3] * w[7];
        x += 4;
        z += 4;
        w += 8;
    }
    for (n &= 3; n > 0; n--, x++, z++, w += 2) {
        a += x[0] * w[0];
        b += x[0] * w[1];
        c += z[0] * w[0];
        d += z[0] * w[1];
    }
    sums[0] += (uint32_t)a;
    sums[1] += (uint32_t)b;
    sums[2] += (uint32_t)c;
    sums[3] += (uint32_t)d;
}
#endif

#if FOUR_PLACES
/*
 * The sums of two outputs at four places: four numbers that the sums of an output begin with, then those of
 * one output, then of the other. They are of n products of inputs, as widen leaves them, and of weights that
 * are bytes, w + 128, as in dot8. That takes every register; compilers keep half of the sums in memory.
 */
static NOINLINE void dots_wide8(uint32_t sums[12], const uint8_t *x, const uint8_t *w, int32_t n)
{
    register uint32_t *r0 __asm__("r0") = sums;
    register const uint8_t *r1 __asm__("r1") = x;
    register const uint8_t *r2 __asm__("r2") = w;
    register int32_t r3 __asm__("r3") = n;

#define MULTIPLY /* inputs of four places by the weights in r0 and r12 */ \
    "ldrd r3, lr, [r1], #8\n\t" \
    "smlad r4, r3, r0, r4\n\t" \
    "smlad r5, lr, r0, r5\n\t" \
    "smlad r8, r3, r12, r8\n\t" \
    "smlad r9, lr, r12, r9\n\t" \
    "ldrd r3, lr, [r1], #8\n\t" \
    "smlad r6, r3, r0, r6\n\t" \
    "smlad r7, lr, r0, r7\n\t" \
    "smlad r10, r3, r12, r10\n\t" \
    "smlad r11, lr, r12, r11\n\t"
    __asm__ volatile(
        "push {r4-r11}\n\t"
        "and lr, r3, #3\n\t"
        "bic r3, r3, #3\n\t"
        "add r3, r1, r3, lsl #3\n\t" /* where inputs in fours end */
        "add r12, r3, lr, lsl #4\n\t" /* where all end */
        "ldmia r0!, {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "push {r0, r3, r12}\n\t"
        "cmp r1, r3\n\t"
        "beq 2f\n"
        "1:\n\t"
        "ldr r0, [r2]\n\t"
        "ldr r12, [r2, #4]\n\t"
        "uxtb16 r0, r0\n\t"
        "uxtb16 r12, r12\n\t"
        MULTIPLY
        "ldr r0, [r2], #4\n\t"
        "ldr r12, [r2], #4\n\t"
        "uxtb16 r0, r0, ror #8\n\t"
        "uxtb16 r12, r12, ror #8\n\t"
        MULTIPLY
        "ldr r3, [sp, #4]\n\t"
        "cmp r1, r3\n\t"
        "bne 1b\n"
        "2:\n\t"
        "ldr r3, [sp, #8]\n\t"
        "cmp r1, r3\n\t"
        "beq 3f\n\t"
        "ldrb r0, [r2], #1\n\t"
        "ldrb r12, [r2], #1\n\t"
        MULTIPLY
        "b 2b\n"
        "3:\n\t"
        "pop {r0, r3, r12}\n\t"
        "stmia r0, {r4-r11}\n\t"
        "pop {r4-r11}"
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
        :
        : "r12", "lr", "cc", "memory");
#undef MULTIPLY
}
#endif

/* Adds the products of all inputs. */
#if FOUR_PLACES
static inline void dot(uint32_t sums[4], const uint8_t *x, const uint8_t *w, const uint8_t *v, const products *l)
{
    dot8(sums, x, w, v, l->inputs);
}

static inline void dots_wide(uint32_t sums[12], const uint8_t *x, const uint8_t *w, const products *l)
{
    dots_wide8(sums, x, w, l->inputs);
}
#else
static inline void dot(uint32_t sums[2], const uint8_t *x, const uint8_t *w, const products *l)
{
    dot8(sums, x, w, l->inputs);
}
#endif

#if TWO_PLACES
static inline void dots(uint32_t sums[4], const uint8_t *x, const uint8_t *z, const uint8_t *w, const products *l)
{
    dots8(sums, x, z, w, l->inputs);
}
#endif

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

#ifdef HELIUM
/* Four outputs of their sums, in which the inputs' total is still to be subtracted. */
static inline void finish_four(uint8_t *y, uint32x4_t sums, const products *l, int32_t o, uint32_t total)
{
    sums = vsubq_n_u32(sums, 128u * total);
    sums = vaddq_u32(sums, vreinterpretq_u32_s32(vldrwq_s32(l->bias + o)));
    requantize_four(y + o, vreinterpretq_s32_u32(sums), l->multipliers + o, &l->y);
}

/* The outputs of weigh, four at a time, where the inputs have this total. Returns the first that is left. */
static int32_t weigh_four(uint8_t *y, const uint8_t *x, const uint8_t *w, const products *l,
    int32_t first, int32_t last, uint32_t total)
{
    const products of = *l;
    const int32_t n = of.inputs;

    if (n >= 16 && n % 4 == 0 && (uintptr_t)w % 4 == 0) {
        const int32_t odd = n % 16;
        const int32_t blocks = n / 16;

        for (; last - first >= 4; first += 4, w += 4 * n) {
            finish_four(y, dot_four(x, w, w + 2 * n, odd, blocks), &of, first, total);
        }
    } else {
        uint8x16_t at[4];

        lanes_of(at, n);
        for (; last - first >= 4; first += 4, w += 4 * n) {
            finish_four(y, gather_four(x, w, w + 2 * n, n, at), &of, first, total);
        }
    }
    return first;
}
#endif

/*
 * Outputs from first on, up to last - 1, at one place, whose inputs are x. Returns the weights
 * that follow. The last output may be alone: then it is computed twice, first with weights of 0.
 */
static const uint8_t *weigh(uint8_t *y, const uint8_t *x, const uint8_t *w, const products *l,
    int32_t first, int32_t last)
{
    const uint32_t sum = total(x, l->inputs);
    const uint32_t begin = 0u - 128u * sum; /* weights are too great by this */
#ifdef HELIUM
    const int32_t left = weigh_four(y, x, w, l, first, last, sum);

    w += (left - first) * l->inputs;
    first = left;
#endif

#if FOUR_PLACES
    for (int32_t o = first; o < last; o += 4) {
        const uint8_t *const v = last - o > 2 ? w + 2 * l->inputs : w;
        uint32_t sums[4];

        for (int32_t k = 0; k < 4; k++) {
            sums[k] = begin;
        }
        dot(sums, x, w, v, l);
        for (int32_t k = 0; k < 4 && o + k < last; k++) {
            y[o + k] = finish(sums[k], l, o + k);
        }
        w = v + 2 * l->inputs;
    }
#else
    for (int32_t o = first; o < last; o += 2, w += 2 * l->inputs) {
        const int32_t next = o + 1 < last ? o + 1 : o;
        uint32_t sums[2];

        sums[0] = begin;
        sums[1] = begin;
        dot(sums, x, w, l);
        y[next] = finish(sums[1], l, next);
        y[o] = finish(sums[0], l, o);
    }
#endif
    return w;
}

#if FOUR_PLACES
/* Output o at four places, of their sums. */
static inline void finish_wide(uint8_t *y, const uint32_t sums[4],
    const products *l, int32_t o)
{
    const int32_t bias = l->bias[o];
    const multiplier m = l->multipliers[o];

    y += o;
    for (int32_t i = 0; i < 4; i++, y += l->outputs) {
        *y = finish_by(sums[i], bias, m, l);
    }
}

/* The same at four places, whose inputs, widened, are x, and their totals. */
static NOINLINE const uint8_t *weigh_wide(uint8_t *y, const uint8_t *x, const uint32_t totals[4],
    const uint8_t *w, const products *l, int32_t first, int32_t last)
{
    const products of = *l;
    uint32_t sums[12]; /* where those of an output begin, and those of two */

    for (int32_t i = 0; i < 4; i++) {
        sums[i] = 0u - 128u * totals[i];
    }
    for (int32_t o = first; o < last; o += 2, w += 2 * l->inputs) {
        dots_wide(sums, x, w, l);
        for (int32_t k = 0; k < 2 && o + k < last; k++) {
            finish_wide(y, sums + 4 + 4 * k, &of, o + k);
        }
    }
    return w;
}
#endif

#if TWO_PLACES
/* The same at two places, whose inputs are x and z. */
static const uint8_t *weigh_two(uint8_t *y, const uint8_t *x, const uint8_t *z, const uint8_t *w,
    const products *l, int32_t first, int32_t last)
{
    const uint32_t sum = total(x, l->inputs);
    const uint32_t begin = 0u - 128u * sum; /* weights are too great by this */
    const uint32_t sum_z = total(z, l->inputs);
    const uint32_t begin_z = 0u - 128u * sum_z;

    for (int32_t o = first; o < last; o += 2, w += 2 * l->inputs) {
        const int32_t next = o + 1 < last ? o + 1 : o;
        uint32_t sums[4];

        sums[0] = begin;
        sums[1] = begin;
        sums[2] = begin_z;
        sums[3] = begin_z;
        dots(sums, x, z, w, l);
        y[next] = finish(sums[1], l, next);
        y[o] = finish(sums[0], l, o);
        y[l->outputs + next] = finish(sums[3], l, next);
        y[l->outputs + o] = finish(sums[2], l, o);
    }
    return w;
}
#endif

#if SIXTEEN
/* Sixteen outputs from o on. */
static inline void finish_sixteen(uint8_t *y, const uint32_t sums[16], const products *l, int32_t o)
{
    for (int32_t k = 0; k < 16; k++) {
        y[k] = finish(sums[k], l, o + k);
    }
}
#endif

static void linear(uint8_t *y, const uint8_t *x, const products *l)
{
    weigh(y, x, l->weights, l, 0, l->outputs);
}

/* Where a window moves over an image. */
typedef struct {
    int32_t height, width, channels; /* of the input */
    int32_t out_height, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
} window;

/* A window at one position: where it begins, and which of its taps are in the image. */
typedef struct {
    int32_t row, column; /* of tap 0, 0; negative in the padding */
    int32_t top, bottom; /* top <= i < bottom are in the image */
    int32_t left, right;
} area;

static area area_at(const window *l, int32_t row, int32_t column)
{
    const int32_t dh = l->dilation_height;
    const int32_t dw = l->dilation_width;
    area a;

    a.row = row * l->stride_height - l->pad_top;
    a.column = column * l->stride_width - l->pad_left;
    a.top = a.row < 0 ? (dh - 1 - a.row) / dh : 0;
    a.left = a.column < 0 ? (dw - 1 - a.column) / dw : 0;
    a.bottom = (l->height - a.row + dh - 1) / dh;
    a.right = (l->width - a.column + dw - 1) / dw;
    a.bottom = a.bottom < l->kernel_height ? a.bottom : l->kernel_height;
    a.right = a.right < l->kernel_width ? a.right : l->kernel_width;
    return a;
}

/* A convolution. */
typedef struct {
    window at;
    products of;
    int32_t groups;
    int32_t zero; /* of x */
} convolution;

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

/* The inputs of a window that has no gaps: those in the image are one piece of each row. */
static const uint8_t *dense_patch(uint8_t *copies, const uint8_t *x, const convolution *l, int32_t top, int32_t left)
{
    const window *at = &l->at;
    const int32_t channels = at->channels;
    const int32_t i = top < 0 ? -top : 0;
    const int32_t j = left < 0 ? -left : 0;
    const int32_t below = at->height - top < at->kernel_height ? at->height - top : at->kernel_height;
    const int32_t right = at->width - left < at->kernel_width ? at->width - left : at->kernel_width;
    const int32_t n = (right - j) * channels;
    uint8_t *to = copies + (i * at->kernel_width + j) * channels;
    int32_t rows = below - i;

    if (rows < at->kernel_height || n < at->kernel_width * channels) {
        fill(copies, at->kernel_height * at->kernel_width * channels, (uint8_t)l->zero);
        if (rows <= 0 || n <= 0) {
            return copies;
        }
    }
    x += ((top + i) * at->width + left + j) * channels;
    if (at->kernel_height == 1 && n == at->kernel_width * channels) {
        return x;
    }
    for (; rows > 0; rows--, x += at->width * channels, to += at->kernel_width * channels) {
        copy(to, x, n);
    }
    return copies;
}

/*
 * The inputs of a window, row by row: of its channels from first on. Those outside the image
 * are x's zero point. They are copied, unless they are adjacent.
 */
static const uint8_t *patch(uint8_t *copies, const uint8_t *x, const convolution *l, int32_t place,
    int32_t first, int32_t channels)
{
    const window *at = &l->at;
    const int32_t row = place / at->out_width;
    const int32_t column = place - row * at->out_width;
    const int32_t top = row * at->stride_height - at->pad_top;
    const int32_t left = column * at->stride_width - at->pad_left;
    uint8_t *to = copies;

    if (at->dilation_height == 1 && at->dilation_width == 1 && channels == at->channels) {
        return dense_patch(copies, x, l, top, left);
    }
    for (int32_t i = 0; i < at->kernel_height; i++) {
        const int32_t r = top + i * at->dilation_height;
        int32_t n; /* how many pixels are adjacent */

        for (int32_t j = 0; j < at->kernel_width; j += n, to += n * channels) {
            const int32_t c = left + j * at->dilation_width;

            n = 1;
            if (r < 0 || r >= at->height || c < 0 || c >= at->width) {
                fill(to, channels, (uint8_t)l->zero);
                continue;
            }
            if (at->dilation_width == 1 && channels == at->channels) {
                n = at->width - c < at->kernel_width - j ? at->width - c : at->kernel_width - j;
            }
            if (at->kernel_height == 1 && n == at->kernel_width) {
                return x + (r * at->width + c) * at->channels + first;
            }
            copy(to, x + (r * at->width + c) * at->channels + first, n * channels);
        }
    }
    return copies;
}

#if FOUR_PLACES
/* Four bytes to any address. */
static inline void put_word(uint8_t *to, uint32_t w)
{
    __builtin_memcpy(to, &w, 4);
}

/*
 * Writes n inputs of one of four places as halves of words: of four inputs 0 and 2, then 1 and 3,
 * then those that are left alone; words of the four places follow each other. Returns the total.
 */
static uint32_t widen(uint8_t *to, const uint8_t *x, int32_t n)
{
    uint32_t sum = 0;

    for (; n >= 4; n -= 4, x += 4, to += 32) {
        const uint32_t w = word(x);

        put_word(to, (uint32_t)even(w));
        put_word(to + 16, (uint32_t)odd(w));
        sum = __usada8(w, 0, sum);
    }
    for (; n > 0; n--, x++, to += 16) {
        put_word(to, x[0]);
        sum += x[0];
    }
    return sum;
}

/* The same of the inputs of a window, of the channels from first on, whose number is a multiple of 4. */
static uint32_t widen_window(uint8_t *to, const uint8_t *x, const convolution *l, int32_t place, int32_t first,
    int32_t channels)
{
    const window *at = &l->at;
    const int32_t row = place / at->out_width;
    const int32_t top = row * at->stride_height - at->pad_top;
    const int32_t left = (place - row * at->out_width) * at->stride_width - at->pad_left;
    const int32_t adjacent = at->dilation_width == 1 && channels == at->channels;
    uint32_t sum = 0;

    for (int32_t i = 0; i < at->kernel_height; i++) {
        const int32_t r = top + i * at->dilation_height;
        int32_t n; /* how many pixels are adjacent */

        for (int32_t j = 0; j < at->kernel_width; j += n, to += 8 * n * channels) {
            const int32_t c = left + j * at->dilation_width;

            n = 1;
            if (r < 0 || r >= at->height || c < 0 || c >= at->width) {
                for (int32_t k = 0; k < channels; k += 2) {
                    put_word(to + 8 * k, (uint32_t)l->zero * 0x10001u);
                }
                sum += (uint32_t)(l->zero * channels);
                continue;
            }
            if (adjacent) {
                n = at->width - c < at->kernel_width - j ? at->width - c : at->kernel_width - j;
            }
            sum += widen(to, x + (r * at->width + c) * at->channels + first, n * channels);
        }
    }
    return sum;
}
#endif

static void convolve(uint8_t *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int32_t inputs = l->at.channels / l->groups;
    const int32_t outputs = l->of.outputs / l->groups;
    const int32_t n = l->at.out_height * l->at.out_width;

#if FOUR_PLACES
    const int32_t straight = inputs % 4 == 0; /* or of a copy */
    const int32_t fit = (straight ? 8 * l->of.inputs : 9 * l->of.inputs + 24) + 3 <= 5000;
#endif

    for (int32_t i = 0; i < n; i++, y += l->of.outputs) {
        const uint8_t *w = l->of.weights;
#if FOUR_PLACES
        if (fit && n >= 4) {
            uint8_t *const wide = scratch + (0u - (uintptr_t)scratch) % 4u;

            if (i > n - 4) { /* again some that are there */
                y -= (i - n + 4) * l->of.outputs;
                i = n - 4;
            }
            for (int32_t g = 0; g < l->groups; g++) {
                uint32_t totals[4];

                for (int32_t j = 0; j < 4; j++) {
                    uint8_t *const to = wide + 4 * j;

                    if (straight) {
                        totals[j] = widen_window(to, x, l, i + j, g * inputs, inputs);
                    } else {
                        uint8_t *const copies = wide + 8 * l->of.inputs + 24;

                        totals[j] = widen(to, patch(copies, x, l, i + j, g * inputs, inputs), l->of.inputs);
                    }
                }
                w = weigh_wide(y, wide, totals, w, &l->of, g * outputs, (g + 1) * outputs);
            }
            i += 3;
            y += 3 * l->of.outputs;
            continue;
        }
#endif
#if TWO_PLACES
        if (i + 1 < n) { /* two places at once */
            for (int32_t g = 0; g < l->groups; g++) {
                const uint8_t *a = patch(scratch, x, l, i, g * inputs, inputs);
                const uint8_t *b = patch(scratch + l->of.inputs, x, l, i + 1, g * inputs, inputs);

                w = weigh_two(y, a, b, w, &l->of, g * outputs, (g + 1) * outputs);
            }
            i++;
            y += l->of.outputs;
            continue;
        }
#endif
        for (int32_t g = 0; g < l->groups; g++) {
            const uint8_t *taps = patch(scratch, x, l, i, g * inputs, inputs);

            w = weigh(y, taps, w, &l->of, g * outputs, (g + 1) * outputs);
        }
    }
}

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
#define DEEPEST 12 /* inputs of an output: they and their weights are copied to the stack */

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

/* The weights of a pair of sixteen outputs, which are bytes, w + 128, so that words of all sixteen lie side by side. */
static void spread_pair8(uint8_t *to, const uint8_t *w, int32_t n)
{
    for (; n >= 4; n -= 4, w += 8, to += 64) {
        to[0] = (uint8_t)(w[0] ^ FLIP);
        to[4 + 0] = (uint8_t)(w[4] ^ FLIP);
        to[1] = (uint8_t)(w[1] ^ FLIP);
        to[4 + 1] = (uint8_t)(w[5] ^ FLIP);
        to[2] = (uint8_t)(w[2] ^ FLIP);
        to[4 + 2] = (uint8_t)(w[6] ^ FLIP);
        to[3] = (uint8_t)(w[3] ^ FLIP);
        to[4 + 3] = (uint8_t)(w[7] ^ FLIP);
    }
    for (; n > 0; n--, w += 2, to++) {
        to[0] = (uint8_t)(w[0] ^ FLIP);
        to[4] = (uint8_t)(w[1] ^ FLIP);
    }
}

static inline void spread_pair(uint8_t *to, const uint8_t *w, const products *l)
{
    spread_pair8(to, w, l->inputs);
}
#endif

#if BLOCKS
#define MANY 64

/* What all outputs of a group read of up to MANY places, and what their sums begin with. */
typedef struct {
    const uint8_t *from[MANY];
    uint32_t begin[MANY];
    uint8_t copies[MANY / 2 * DEEPEST];
} gathering;

/* Whether the inputs of a place are adjacent, in whole words, and those of the next place follow. */
static int adjacent(const convolution *c)
{
    const window *at = &c->at;

    return c->of.inputs % 4 == 0 && at->kernel_height == 1 && at->kernel_width == 1 && at->stride_height == 1 &&
        at->stride_width == 1 && at->out_height == at->height && at->out_width == at->width && at->pad_top == 0 &&
        at->pad_left == 0;
}

/* How many places are gathered at a time: as many as there is room for copies, in whole PLACES. */
static int32_t gathered(const convolution *c)
{
    const int32_t room = adjacent(c) ? MANY : MANY / 2 * DEEPEST / ((c->of.inputs + 3) / 4 * 4);

    return room < MANY ? room / PLACES * PLACES : MANY;
}

/* Gathers n places from first on, of the input channels of a group. */
static void gather(gathering *to, const uint8_t *x, const convolution *c, int32_t first, int32_t n, int32_t group)
{
    const products *const l = &c->of;
    const int32_t channels = c->at.channels / c->groups;
    const int32_t near = adjacent(c);
    uint8_t *copies = to->copies;

    for (int32_t p = 0; p < n; p++) {
        const uint8_t *from = x + (first + p) * c->at.channels + group * channels;

        if (!near) {
            from = patch(copies, x, c, first + p, group * channels, channels);
            if (l->inputs % 4 != 0) { /* a word has bytes after them */
                if (from != copies) {
                    copy(copies, from, l->inputs);
                    from = copies;
                }
                fill(copies + l->inputs, 4 - l->inputs % 4, 0);
            }
            copies += (l->inputs + 3) / 4 * 4;
        }
        to->from[p] = from;
        to->begin[p] = 0u - (128u - FLIP) * total(from, l->inputs);
    }
}
#endif

#if BLOCKS
/* Sixteen outputs from o on, or few, at n places from y on. */
static void block(uint8_t *y, const gathering *at, int32_t n, const uint8_t *w, const products *l, int32_t o, int32_t few)
{
    for (int32_t i = 0; i < n; i += PLACES) {
        const int32_t first = i < n - PLACES ? i : n - PLACES; /* the last are perhaps there already */
        uint32_t sums[PLACES][16];

        dot_block(sums, at->begin + first, at->from + first, w, l->inputs);
        for (int32_t p = 0; p < PLACES; p++) {
            uint8_t *to = y + (first + p) * l->outputs + o;

            if (few == 16) {
                finish_sixteen(to, sums[p], l, o);
                continue;
            }
            for (int32_t k = 0; k < few; k++) {
                to[k] = finish(sums[p][k], l, o + k);
            }
        }
    }
}

/*
 * A convolution of up to DEEPEST inputs of an output, computed for sixteen outputs at PLACES places at a time. What
 * they read is gathered for many places at once, and their weights are put in order.
 */
static void convolve_blocks(uint8_t *y, const uint8_t *x, uint8_t *scratch, const convolution *c)
{
    const products copy_of = c->of;
    const products *const l = &copy_of;
    const int32_t outputs = l->outputs / c->groups;
    const int32_t n = c->at.out_height * c->at.out_width;
    const int32_t room = gathered(c);
    const int32_t words = (l->inputs + 3) / 4;
    const uint8_t *w = l->weights, *ordered = 0;
    uint8_t weights[16 * DEEPEST];
    gathering at;

    if (n < PLACES) {
        convolve(y, x, scratch, c);
        return;
    }
    for (int32_t group = 0; group < c->groups; group++, w += (outputs + 1) / 2 * (2 * l->inputs)) {
        for (int32_t first = 0, some; first < n; first += some) {
            const int32_t place = n - first < PLACES ? n - PLACES : first;
            const uint8_t *next = w;

            some = n - place < room ? n - place : room;
            gather(&at, x, c, place, some, group);
            for (int32_t o = 0, few; o < outputs; o += few) {
                const uint8_t *const pairs = next;

                few = outputs - o < 16 ? outputs - o : 16;
                next += (few + 1) / 2 * (2 * l->inputs);
                if (pairs != ordered) {
                    fill(weights, 64 * words, 0);
                    for (int32_t k = 0; k < few; k += 2) {
                        spread_pair(weights + 4 * k, pairs + k / 2 * (2 * l->inputs), l);
                    }
                    ordered = pairs;
                }
                block(y + place * l->outputs, &at, some, weights, l, group * outputs + o, few);
            }
        }
    }
}
#else
#define convolve_blocks convolve
#endif

/* The first tap in the image, of the channel at x. */
static const uint8_t *first_tap(const uint8_t *x, const window *l, const area *a)
{
    return x + ((a->row + a->top) * l->width + a->column + a->left) * l->channels;
}

/* The greater of y and x, n times. */
static void raise(uint8_t *y, const uint8_t *x, int32_t n)
{
#ifdef HELIUM
    for (; n >= 16; n -= 16, y += 16, x += 16) {
        vstrbq_u8(y, vmaxq_u8(vldrbq_u8(y), vldrbq_u8(x)));
    }
#endif
    for (int32_t i = 0; i < n; i++) {
        const uint8_t a = y[i];
        const uint8_t b = x[i];

        y[i] = b > a ? b : a;
    }
}

/* The greatest integer is the greatest number: x and y share a scale. */
static void max_pool(uint8_t *y, const uint8_t *x, const window *l)
{
    const int32_t n = l->channels;

    for (int32_t row = 0; row < l->out_height; row++) {
        for (int32_t column = 0; column < l->out_width; column++, y += n) {
            const area a = area_at(l, row, column);
            const uint8_t *from = first_tap(x, l, &a);

            copy(y, from, n);
            for (int32_t i = a.top; i < a.bottom; i++, from += l->width * n) {
                for (int32_t j = i == a.top; j < a.right - a.left; j++) {
                    raise(y, from + j * n, n);
                }
            }
        }
    }
}

/* conv2d_1: conv2d, relu, 4 x 4 x 1 to 4 x 4 x 2 */
static const uint8_t conv2d_1_weights[18] = {
      1,  60,  11, 128, 240,  31, 102, 200, 115,  34,  47, 169, 187, 130,  19,  85,
    114, 255,
};
static const int32_t conv2d_1_bias[2] = {
     63779, -10044,
};
static const multiplier conv2d_1_multipliers[2] = {
    {.q = 1372655733, .shift = -7}, {.q = 1273599444, .shift = -7},
};
static const convolution conv2d_1_layer = {
    .at = {
        .height = 4, .width = 4, .channels = 1,
        .out_height = 4, .out_width = 4,
        .kernel_height = 3, .kernel_width = 3,
        .stride_height = 1, .stride_width = 1,
        .dilation_height = 1, .dilation_width = 1,
        .pad_top = 1, .pad_left = 1,
    },
    .of = {
        .weights = conv2d_1_weights, .bias = conv2d_1_bias,
        .multipliers = conv2d_1_multipliers,
        .y = {.zero = 0, .low = 0, .high = 255},
        .inputs = 9, .outputs = 2,
    },
    .groups = 1, .zero = 128,
};

/* max_pool_2: max_pool, 4 x 4 x 2 to 2 x 2 x 2 */
static const window max_pool_2_layer = {
    .height = 4, .width = 4, .channels = 2,
    .out_height = 2, .out_width = 2,
    .kernel_height = 2, .kernel_width = 2,
    .stride_height = 2, .stride_width = 2,
    .dilation_height = 1, .dilation_width = 1,
    .pad_top = 0, .pad_left = 0,
};

/* linear_4: linear, 8 to 3 */
static const uint8_t linear_4_weights[32] = {
      1, 151, 210, 172, 157,  97, 242, 231, 245, 129, 118,   2, 179, 216,  26,  99,
    179, 241,  14, 143, 128, 128, 128, 128, 162, 228, 109, 255, 128, 128, 128, 128,
};
static const int32_t linear_4_bias[3] = {
     1348, -4293, -3009,
};
static const multiplier linear_4_multipliers[3] = {
    {.q = 1105546815, .shift = -7}, {.q = 1518988998, .shift = -8}, {.q = 1947751113, .shift = -8},
};
static const products linear_4_layer = {
    .weights = linear_4_weights, .bias = linear_4_bias,
    .multipliers = linear_4_multipliers,
    .y = {.zero = 128, .low = -128, .high = 127},
    .inputs = 8, .outputs = 3,
};

void tiny_fixed_run(uint8_t out[TINY_FIXED_OUTPUT_SIZE], const uint8_t in[TINY_FIXED_INPUT_SIZE], uint8_t arena[TINY_FIXED_ARENA_SIZE])
{
    convolve_blocks(arena, in, arena + 32, &conv2d_1_layer);
    max_pool(arena + 32, arena, &max_pool_2_layer);
    linear(out, arena + 32, &linear_4_layer);
}

void tiny_fixed_quantize(uint8_t q[TINY_FIXED_INPUT_SIZE], const float r[TINY_FIXED_INPUT_SIZE])
{
    const grid g = {TINY_FIXED_INPUT_ZERO, TINY_FIXED_INPUT_MIN - TINY_FIXED_INPUT_ZERO,
                    TINY_FIXED_INPUT_MAX - TINY_FIXED_INPUT_ZERO};

    for (int32_t i = 0; i < TINY_FIXED_INPUT_SIZE; i++) {
        q[i] = quantize(r[i] / TINY_FIXED_INPUT_SCALE, &g);
    }
}

void tiny_fixed_dequantize(float r[TINY_FIXED_OUTPUT_SIZE], const uint8_t q[TINY_FIXED_OUTPUT_SIZE])
{
    for (int32_t i = 0; i < TINY_FIXED_OUTPUT_SIZE; i++) {
        r[i] = TINY_FIXED_OUTPUT_SCALE * (float)(q[i] - TINY_FIXED_OUTPUT_ZERO);
    }
}

static const uint8_t pixels_table[256] = {
     92,  92,  92,  93,  93,  93,  93,  93,  93,  94,  94,  94,  94,  94,  94,  95,
     95,  95,  95,  95,  95,  96,  96,  96,  96,  96,  97,  97,  97,  97,  97,  97,
     98,  98,  98,  98,  98,  98,  99,  99,  99,  99,  99, 100, 100, 100, 100, 100,
    100, 101, 101, 101, 101, 101, 101, 102, 102, 102, 102, 102, 102, 103, 103, 103,
    103, 103, 104, 104, 104, 104, 104, 104, 105, 105, 105, 105, 105, 105, 106, 106,
    106, 106, 106, 106, 107, 107, 107, 107, 107, 108, 108, 108, 108, 108, 108, 109,
    109, 109, 109, 109, 109, 110, 110, 110, 110, 110, 111, 111, 111, 111, 111, 111,
    112, 112, 112, 112, 112, 112, 113, 113, 113, 113, 113, 113, 114, 114, 114, 114,
    114, 115, 115, 115, 115, 115, 115, 116, 116, 116, 116, 116, 116, 117, 117, 117,
    117, 117, 118, 118, 118, 118, 118, 118, 119, 119, 119, 119, 119, 119, 120, 120,
    120, 120, 120, 120, 121, 121, 121, 121, 121, 122, 122, 122, 122, 122, 122, 123,
    123, 123, 123, 123, 123, 124, 124, 124, 124, 124, 125, 125, 125, 125, 125, 125,
    126, 126, 126, 126, 126, 126, 127, 127, 127, 127, 127, 127, 128, 128, 128, 128,
    128, 129, 129, 129, 129, 129, 129, 130, 130, 130, 130, 130, 130, 131, 131, 131,
    131, 131, 132, 132, 132, 132, 132, 132, 133, 133, 133, 133, 133, 133, 134, 134,
    134, 134, 134, 134, 135, 135, 135, 135, 135, 136, 136, 136, 136, 136, 136, 137,
};

void tiny_fixed_pixels(uint8_t q[TINY_FIXED_INPUT_SIZE], const uint8_t image[TINY_FIXED_INPUT_SIZE])
{
    for (int32_t i = 0; i < TINY_FIXED_INPUT_SIZE; i++) {
        q[i] = pixels_table[image[i]];
    }
}

const char *const tiny_fixed_classes[TINY_FIXED_OUTPUT_SIZE] = {
    "cat",
    "dog",
    "\"other\"\077",
};
