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
