/* Vectors, where the processor has them: Arm's, with floats if this file uses any, and those of hosts. */
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & {{if .Fixed}}1{{else}}2{{end}}) != 0
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
