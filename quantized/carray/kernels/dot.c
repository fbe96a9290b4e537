#if {{if eq .Bits 8}}DSP{{else}}FOUR_PLACES{{end}}
/* Adds to the sums of two outputs the products of four inputs, of which p has 0 and 2, q 1 and 3. */
static inline void add_four{{.Bits}}(uint32_t sums[2], int32_t p, int32_t q, const uint8_t *w)
{
{{- range .Words}}
    const uint32_t {{.}};
{{- end}}

    sums[0] = (uint32_t)__smlad(p, {{index .Halves 0 0}}, (int32_t)sums[0]);
    sums[0] = (uint32_t)__smlad(q, {{index .Halves 0 1}}, (int32_t)sums[0]);
    sums[1] = (uint32_t)__smlad(p, {{index .Halves 1 0}}, (int32_t)sums[1]);
    sums[1] = (uint32_t)__smlad(q, {{index .Halves 1 1}}, (int32_t)sums[1]);
}
#endif

/*
 * Adds to the sums of two outputs the products of n inputs. Weights are {{.Format}}: of
 * four inputs those of one output, then those of the other; of the last n % 4 in turn.
 */
#if FOUR_PLACES
/* And to those of two more, whose weights are v. */
static NOINLINE void dot{{.Bits}}(uint32_t sums[4], const uint8_t *x, const uint8_t *w, const uint8_t *v, int32_t n)
{
    const uint8_t *const end = x + (n & ~3);
    uint32_t ab[2];
    uint32_t cd[2];

    ab[0] = sums[0];
    ab[1] = sums[1];
    cd[0] = sums[2];
    cd[1] = sums[3];
    while (x != end) {
        const int32_t p = even(word(x));
        const int32_t q = odd(word(x));

        add_four{{.Bits}}(ab, p, q, w);
        x += 4;
        w += {{.Bits}};
        add_four{{.Bits}}(cd, p, q, v);
        v += {{.Bits}};
    }
    for (n &= 3; n > 0; n--, x++, w += {{.Rest}}, v += {{.Rest}}) {
        ab[0] += (uint32_t)(x[0] * {{index .Last 0}});
        ab[1] += (uint32_t)(x[0] * {{index .Last 1}});
        cd[0] += (uint32_t)(x[0] * {{index .Others 0}});
        cd[1] += (uint32_t)(x[0] * {{index .Others 1}});
    }
    sums[0] = ab[0];
    sums[1] = ab[1];
    sums[2] = cd[0];
    sums[3] = cd[1];
}
{{- if lt .Bits 8}}
#elif defined(HELIUM)
/* Of sixteen inputs, whose weights are halves that hold those of two. */
static inline void add_sixteen{{.Bits}}(uint32_t sums[2], uint8x16_t in, uint16x8_t by)
{
    const uint16x8_t mask = vdupq_n_u16({{.Mask}});
    const uint16x8_t p = vmovlbq_u8(in);
    const uint16x8_t q = vmovltq_u8(in);

    sums[0] = vmladavaq_u16(sums[0], p, vandq_u16(by, mask));
    sums[0] = vmladavaq_u16(sums[0], q, vandq_u16(vshrq_n_u16(by, {{index .Shifts 0}}), mask));
    sums[1] = vmladavaq_u16(sums[1], p, vandq_u16(vshrq_n_u16(by, {{index .Shifts 1}}), mask));
    sums[1] = vmladavaq_u16(sums[1], q, vshrq_n_u16(by, {{index .Shifts 2}}));
}

static void dot{{.Bits}}(uint32_t sums[2], const uint8_t *x, const uint8_t *w, int32_t n)
{
    const uint32_t some = (uint32_t)n & 12u;

    for (; n >= 16; n -= 16, x += 16, w += {{.Vector}}) {
        add_sixteen{{.Bits}}(sums, vldrbq_u8(x), {{index .Load 0}});
    }
    if (some > 0) {
        add_sixteen{{.Bits}}(sums, vldrbq_z_u8(x, vctp8q(some)), {{index .Load 1}});
        x += some;
        w += some / 4 * {{.Bits}};
    }
    for (n &= 3; n > 0; n--, x++, w++) {
        sums[0] += (uint32_t)(x[0] * (w[0] & 15));
        sums[1] += (uint32_t)(x[0] * (w[0] >> 4));
    }
}
{{- end}}
#else
static void dot{{.Bits}}(uint32_t sums[2], const uint8_t *x, const uint8_t *w, int32_t n)
{
{{- if eq .Bits 8}}
#ifdef WIDE
    wide lanes = {0};

    for (; n >= WIDE; n -= WIDE, x += WIDE, w += 2 * WIDE) {
        lanes = add_products(lanes, inputs_of(x), weights_of(w));
    }
    add_lanes(sums, lanes);
#endif
{{- end}}
    const uint8_t *const end = x + (n & ~3);
    int32_t a = 0; /* signed, of up to {{.Most}} products: compilers keep their order, which takes few registers */
    int32_t b = 0;
{{- if eq .Bits 8}}
#if DSP
    uint32_t pair[2] = {0, 0};

    for (; x != end; x += 4, w += 8) {
        add_four8(pair, even(word(x)), odd(word(x)), w);
    }
    a = (int32_t)pair[0];
    b = (int32_t)pair[1];
#endif
{{- end}}

    while (x != end) {
{{- range $i, $w := .Inputs}}
        a += x[{{$i}}] * {{index $w 0}};
        b += x[{{$i}}] * {{index $w 1}};
{{- end}}
        x += 4;
        w += {{.Bits}};
    }
    for (n &= 3; n > 0; n--, x++, w += {{.Rest}}) {
        a += x[0] * {{index .Last 0}};
        b += x[0] * {{index .Last 1}};
    }
    sums[0] += (uint32_t)a;
    sums[1] += (uint32_t)b;
}
#endif
{{- if .Convolves}}

#if TWO_PLACES
/* The same at two places, whose sums follow each other. */
static void dots{{.Bits}}(uint32_t sums[4], const uint8_t *x, const uint8_t *z, const uint8_t *w, int32_t n)
{
    const uint8_t *const end = x + (n & ~3);
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;

    while (x != end) {
{{- range $i, $w := .Inputs}}
        a += x[{{$i}}] * {{index $w 0}};
        b += x[{{$i}}] * {{index $w 1}};
        c += z[{{$i}}] * {{index $w 0}};
        d += z[{{$i}}] * {{index $w 1}};
{{- end}}
        x += 4;
        z += 4;
        w += {{.Bits}};
    }
    for (n &= 3; n > 0; n--, x++, z++, w += {{.Rest}}) {
        a += x[0] * {{index .Last 0}};
        b += x[0] * {{index .Last 1}};
        c += z[0] * {{index .Last 0}};
        d += z[0] * {{index .Last 1}};
    }
    sums[0] += (uint32_t)a;
    sums[1] += (uint32_t)b;
    sums[2] += (uint32_t)c;
    sums[3] += (uint32_t)d;
}
#endif
{{- end}}
