/* Arm's vectors, where the processor has them, with floats if this file uses any. */
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & {{if .Fixed}}1{{else}}2{{end}}) != 0
#include <arm_mve.h>
#define HELIUM
#endif
