/* Adds the products of all inputs{{if gt (len .Kinds) 1}}, whose weights have l->bits bits{{end}}. */
#if FOUR_PLACES
static inline void dot(uint32_t sums[4], const uint8_t *x, const uint8_t *w, const uint8_t *v, const products *l)
{
{{call .Choose "dot" "sums, x, w, v, l->inputs"}}
}
{{- if .Convolves}}

static inline void dots_wide(uint32_t sums[12], const uint8_t *x, const uint8_t *w, const products *l)
{
{{call .Choose "dots_wide" "sums, x, w, l->inputs"}}
}
{{- end}}
#else
static inline void dot(uint32_t sums[2], const uint8_t *x, const uint8_t *w, const products *l)
{
{{- if .Long}}
    for (int32_t i = 0; i < l->inputs; i += {{.Most}}) {
        const int32_t n = l->inputs - i < {{.Most}} ? l->inputs - i : {{.Most}};
{{range .Kinds}}
        {{if gt (len $.Kinds) 1}}if (l->bits == {{.}}) {{end}}dot{{.}}(sums, x + i, w + i / 4 * {{.}}, n);
{{- end}}
    }
{{- else}}
{{call .Choose "dot" "sums, x, w, l->inputs"}}
{{- end}}
}
#endif
{{- if .Convolves}}

#if TWO_PLACES
static inline void dots(uint32_t sums[4], const uint8_t *x, const uint8_t *z, const uint8_t *w, const products *l)
{
{{- if .Long}}
    for (int32_t i = 0; i < l->inputs; i += {{.Most}}) {
        const int32_t n = l->inputs - i < {{.Most}} ? l->inputs - i : {{.Most}};
{{range .Kinds}}
        {{if gt (len $.Kinds) 1}}if (l->bits == {{.}}) {{end}}dots{{.}}(sums, x + i, z + i, w + i / 4 * {{.}}, n);
{{- end}}
    }
{{- else}}
{{call .Choose "dots" "sums, x, z, w, l->inputs"}}
{{- end}}
}
#endif
{{- end}}
