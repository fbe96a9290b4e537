/* The sum of output channel o at one place, where each sees one input channel. */
static int32_t depthwise_at(const uint8_t *x, const convolution *l, int32_t row, int32_t column, int32_t o)
{
    const window *at = &l->at;
    const int8_t *w = l->weights + o * at->kernel_height * at->kernel_width;
    int32_t sum = l->bias[o];
{{- if .WeightZeros}}
    const int32_t weight_zero = l->weight_zeros ? l->weight_zeros[o] : 0;
{{- end}}

    x += o / (l->outputs / l->groups);
    for (int32_t i = 0; i < at->kernel_height; i++) {
        const int32_t h = row * at->stride_height - at->pad_top + i * at->dilation_height;

        for (int32_t j = 0; j < at->kernel_width; j++, w++) {
            const int32_t v = column * at->stride_width - at->pad_left + j * at->dilation_width;

            if (h >= 0 && h < at->height && v >= 0 && v < at->width) {
                sum += ((int32_t)x[(h * at->width + v) * at->channels] - l->zero) * {{if .WeightZeros}}(*w - weight_zero){{else}}*w{{end}};
            }
        }
    }
    return sum;
}

static void depthwise(uint8_t *y, const uint8_t *x, const convolution *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            for (int32_t o = 0; o < l->outputs; o++) {
                *y++ = requantize(depthwise_at(x, l, row, column, o), l->multipliers[o], &l->y);
            }
        }
    }
}
