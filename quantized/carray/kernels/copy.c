static void copy{{.Suffix}}({{.Type}} *y, const {{.Type}} *x, int32_t n)
{
{{- if not .Reals}}
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
{{- end}}
    for (; n >= 4; n -= 4, x += 4, y += 4) {
        const {{.Type}} a = x[0];
        const {{.Type}} b = x[1];
        const {{.Type}} c = x[2];
        const {{.Type}} d = x[3];

        y[0] = a;
        y[1] = b;
        y[2] = c;
        y[3] = d;
    }
    while (n-- > 0) {
        *y++ = *x++;
    }
}
