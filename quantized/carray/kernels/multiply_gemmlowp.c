/* a * m, rounded twice: to 32 bits half up, then by the shift half away from zero. */
static inline int32_t multiply(int32_t a, multiplier m)
{
{{- if .Left}}
    if (m.shift > 0) {
        const int64_t v = a * ((int64_t)1 << m.shift);

        return high(v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v, m.q, 1);
    }
{{- end}}
    a = high(a, m.q, 1);
    return m.shift < 0 ? shifted(a - (a < 0), -m.shift) : a;
}
