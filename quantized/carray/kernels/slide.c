static void {{.Kernel}}{{.Suffix}}({{.Type}} *y, const uint8_t *x, const convolution *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t o = 0; o < l->outputs; o++) {
{{- if .Reals}}
                *y++ = fused((float){{.Kernel}}_at(x, l, &a, o) * l->scales[o], l->relu);
{{- else}}
                *y++ = requantize({{.Kernel}}_at(x, l, &a, o), l->multipliers[o], &l->y);
{{- end}}
            }
        }
    }
}
