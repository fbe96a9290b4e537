/* a * m, rounded once, half up. */
static inline int32_t multiply(int32_t a, multiplier m)
{
{{- if .Left}}
    if (m.shift > 0) {
        const int64_t v = ((int64_t)a * m.q + ((int64_t)1 << (30 - m.shift))) >> (31 - m.shift);

        return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v;
    }
{{- end}}
    a = high(a, m.q, m.shift == 0);
    return m.shift < 0 ? shifted(a, -m.shift) : a;
}
