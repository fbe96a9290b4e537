#ifdef HELIUM
/* Four products at once, each as multiply gives it. */
static int32x4_t multiply_four(int32x4_t v, int32x4_t q, int32x4_t shift)
{
{{- if .Left}}
    const int32x4_t right = vminq_s32(shift, vdupq_n_s32(0));

    v = vqshlq_s32(v, vmaxq_s32(shift, vdupq_n_s32(0)));
{{- else}}
    const int32x4_t right = shift;
{{end}}
{{- if .Single}}
    /* Rounded down before it shifts, or half up if it does not. A comparison makes gcc 12 fail. */
    const int32x4_t shifts = vshrq_n_s32(right, 31);
    const int32x4_t up = vbicq_s32(vqrdmulhq_s32(v, q), shifts);

    return vrshlq_s32(vorrq_s32(vandq_s32(vqdmulhq_s32(v, q), shifts), up), right);
{{- else}}
    v = vqrdmulhq_s32(v, q);
    return vrshlq_s32(vaddq_s32(v, vshrq_n_s32(vandq_s32(v, right), 31)), right); /* half away from zero */
{{- end}}
}
#endif
