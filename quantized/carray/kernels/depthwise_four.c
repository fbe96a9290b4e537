#if FOUR_PLACES
/* Four outputs from o on at once, each of which sees one of four adjacent channels. */
static inline void depthwise_four{{.Suffix}}({{.Type}} *y, const uint8_t *x, const int8_t *w, const taps *at,
    const products *l, int32_t o)
{
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;

    for (int32_t i = at->rows; i > 0; i--, x += at->down) {
        const uint8_t *p = x;

        for (int32_t j = at->columns; j > 0; j--, p += at->right, w += l->outputs) {
            const uint32_t q = word(p);
            const uint32_t v = word((const uint8_t *)w);
            const int32_t q_even = even(q);
            const int32_t q_odd = odd(q);
            const int32_t v_even = signed_even(v);
            const int32_t v_odd = signed_odd(v);

            a = __smlabb(q_even, v_even, a);
            b = __smlabb(q_odd, v_odd, b);
            c = __smlatt(q_even, v_even, c);
            d = __smlatt(q_odd, v_odd, d);
        }
    }
    y[0] = finish{{.Suffix}}((uint32_t)a, l, o);
    y[1] = finish{{.Suffix}}((uint32_t)b, l, o + 1);
    y[2] = finish{{.Suffix}}((uint32_t)c, l, o + 2);
    y[3] = finish{{.Suffix}}((uint32_t)d, l, o + 3);
}
#endif
