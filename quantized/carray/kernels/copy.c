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
