#if SIXTEEN
/* Sixteen outputs from o on. */
static inline void finish_sixteen{{.Suffix}}({{.Type}} *y, const uint32_t sums[16], const products *l, int32_t o)
{
{{- if not (or .Fixed .Reals)}}
#ifdef SSE
    const __m128 low = _mm_set1_ps((float)l->y.low);
    const __m128 high = _mm_set1_ps((float)l->y.high);
    const __m128i zero = _mm_set1_epi32(l->y.zero);
    __m128i q[4];
{{- if .Packed}}
    uint32_t steps[16];

    for (int32_t k = 0; k < 16; k++) {
        steps[k] = sums[k] * (uint32_t)l->step;
    }
{{- end}}

#pragma GCC unroll 4
    for (int32_t k = 0; k < 4; k++) {
        const __m128i bias = _mm_loadu_si128((const __m128i *)(l->bias + o + 4 * k));
        const __m128i sum = _mm_loadu_si128((const __m128i *)({{if .Packed}}steps{{else}}sums{{end}} + 4 * k));
        const __m128 v = _mm_mul_ps(_mm_cvtepi32_ps(_mm_add_epi32(sum, bias)), _mm_loadu_ps(l->multipliers + o + 4 * k));

        q[k] = _mm_add_epi32(_mm_cvtps_epi32(_mm_min_ps(high, _mm_max_ps(v, low))), zero);
    }
    _mm_storeu_si128((__m128i *)y, _mm_packus_epi16(_mm_packs_epi32(q[0], q[1]), _mm_packs_epi32(q[2], q[3])));
    return;
#endif
{{- end}}
    for (int32_t k = 0; k < 16; k++) {
        y[k] = finish{{.Suffix}}(sums[k], l, o + k);
    }
}
#endif
