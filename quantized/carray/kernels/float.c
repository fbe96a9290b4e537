/* Results are exact where floats are IEEE 754 and every operation rounds. */
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24
#error "floats are not those of IEEE 754"
#endif
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* 16: narrower types are not widened */
#error "floats are computed in a wider type: on x86, compile this file with -msse2 -mfpmath=sse"
#endif
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(_M_FP_FAST)
#error "fast, inexact floats change results: compile this file without -ffast-math or /fp:fast"
#endif
{{- if .Double}}
#if DBL_MANT_DIG != 53
#error "double is not that of IEEE 754: sums of real numbers need its 53 bits"
#endif
{{- end}}
