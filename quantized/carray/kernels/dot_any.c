/* Adds the products of all inputs{{if gt (len .Kinds) 1}}, whose weights have l->bits bits{{end}}. */
static inline void dot(uint32_t sums[2], const uint8_t *x, const uint8_t *w, const products *l)
{
{{- if .Long}}
    for (int32_t i = 0; i < l->inputs; i += {{.Most}}) {
        const int32_t n = l->inputs - i < {{.Most}} ? l->inputs - i : {{.Most}};
{{range .Kinds}}
        {{if gt (len $.Kinds) 1}}if (l->bits == {{.}}) {{end}}dot{{.}}(sums, x + i, w + i / 4 * {{.}}, n);
{{- end}}
    }
{{- else if eq (len .Kinds) 1}}
    dot{{index .Kinds 0}}(sums, x, w, l->inputs);
{{- else}}
    switch (l->bits) {
{{- range .Kinds}}
    case {{.}}:
        dot{{.}}(sums, x, w, l->inputs);
        break;
{{- end}}
    }
{{- end}}
}
{{- if .Convolves}}

#if FOUR_PLACES
static inline void dots_wide(uint32_t sums[12], const uint8_t *x, const uint8_t *w, const products *l)
{
{{- if eq (len .Kinds) 1}}
    dots_wide{{index .Kinds 0}}(sums, x, w, l->inputs);
{{- else}}
    switch (l->bits) {
{{- range .Kinds}}
    case {{.}}:
        dots_wide{{.}}(sums, x, w, l->inputs);
        break;
{{- end}}
    }
{{- end}}
}
#endif

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
{{- else if eq (len .Kinds) 1}}
    dots{{index .Kinds 0}}(sums, x, z, w, l->inputs);
{{- else}}
    switch (l->bits) {
{{- range .Kinds}}
    case {{.}}:
        dots{{.}}(sums, x, z, w, l->inputs);
        break;
{{- end}}
    }
{{- end}}
}
#endif
{{- end}}
