/*
 * Adds to the sums of two outputs the products of n inputs. Weights are {{.Format}}: of
 * four inputs those of one output, then those of the other; of the last n % 4 in turn.
 */
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

    while (x != end) {
#if DSP
        const uint32_t p = word(x);
{{- range .Words}}
        const uint32_t {{.}};
{{- end}}

        a = __smlad(even(p), {{index .Halves 0 0}}, a);
        a = __smlad(odd(p), {{index .Halves 0 1}}, a);
        b = __smlad(even(p), {{index .Halves 1 0}}, b);
        b = __smlad(odd(p), {{index .Halves 1 1}}, b);
#else
{{- range $i, $w := .Inputs}}
        a += x[{{$i}}] * {{index $w 0}};
        b += x[{{$i}}] * {{index $w 1}};
{{- end}}
#endif
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
{{- if .Convolves}}

#if TWO_PLACES
/* The same at two places, whose sums follow each other. */
static void dots{{.Bits}}(uint32_t sums[4], const uint8_t *x, const uint8_t *z, const uint8_t *w, int32_t n)
{
{{- if eq .Bits 8}}
#ifdef WIDE
    wide first_lanes = {0};
    wide second_lanes = {0};

    for (; n >= WIDE; n -= WIDE, x += WIDE, z += WIDE, w += 2 * WIDE) {
        const wide by = weights_of(w);

        first_lanes = add_products(first_lanes, inputs_of(x), by);
        second_lanes = add_products(second_lanes, inputs_of(z), by);
    }
    add_lanes(sums, first_lanes);
    add_lanes(sums + 2, second_lanes);
#endif
{{- end}}
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
