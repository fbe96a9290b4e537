#ifdef HELIUM
/* Four sums become integers, each as in requantize. */
static void requantize_four(uint8_t *y, int32x4_t sums, const multiplier *m, const grid *g)
{
{{- if .Fixed}}
    const int32x4x2_t by = vld2q_s32(&m->q);

    put_four(y, multiply_four(sums, by.val[0], by.val[1]), g);
{{- else}}
    put_four(y, vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sums), vldrwq_f32(m))), g);
{{- end}}
}
#endif
