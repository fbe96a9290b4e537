/* The sum of output channel o at one position, where each sees one input channel. */
static int32_t depthwise_at(const uint8_t *x, const convolution *l, const area *a, int32_t o)
{
    const window *at = &l->at;
    const int8_t *w = l->weights + o * at->kernel_height * at->kernel_width;
    uint32_t sum = (uint32_t)l->bias[o];
{{- if .Padding}}
    int32_t weights = 0;
{{- end}}
{{- if .WeightZeros}}
    const int32_t weight_zero = l->weight_zeros ? l->weight_zeros[o] : 0;
{{- end}}

    x += o / (l->outputs / l->groups);
    for (int32_t i = a->top; i < a->bottom; i++) {
        const int32_t row = a->row + i * at->dilation_height;

        for (int32_t j = a->left; j < a->right; j++) {
            const int32_t column = a->column + j * at->dilation_width;
            const int32_t weight = w[i * at->kernel_width + j]{{if .WeightZeros}} - weight_zero{{end}};

            sum += (uint32_t)(x[(row * at->width + column) * at->channels] * weight);
{{- if .Padding}}
            weights += weight;
{{- end}}
        }
    }
    return wrapped(sum{{if .Padding}} - (uint32_t)l->zero * (uint32_t)weights{{end}});
}
