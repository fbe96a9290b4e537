/* The sum of output channel o at one place. Padding adds nothing: there x = zero. */
static int32_t convolve_at(const uint8_t *x, const convolution *l, int32_t row, int32_t column, int32_t o)
{
    const window *at = &l->at;
    const int32_t inputs = at->channels / l->groups;
    const int32_t first = o / (l->outputs / l->groups) * inputs;
    const int8_t *w = l->weights + o * at->kernel_height * at->kernel_width * inputs;
    int32_t sum = l->bias[o];

    for (int32_t i = 0; i < at->kernel_height; i++) {
        const int32_t h = row * at->stride_height - at->pad_top + i * at->dilation_height;

        for (int32_t j = 0; j < at->kernel_width; j++, w += inputs) {
            const int32_t v = column * at->stride_width - at->pad_left + j * at->dilation_width;

            if (h >= 0 && h < at->height && v >= 0 && v < at->width) {
                const uint8_t *pixel = x + (h * at->width + v) * at->channels + first;

                sum += dot(pixel, w, inputs, l->zero);
{{- if .WeightZeros}}
                if (l->weight_zeros) {
                    sum -= l->weight_zeros[o] * total(pixel, inputs, l->zero);
                }
{{- end}}
            }
        }
    }
    return sum;
}

static void convolve(uint8_t *y, const uint8_t *x, const convolution *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            for (int32_t o = 0; o < l->outputs; o++) {
                *y++ = requantize(convolve_at(x, l, row, column, o), l->multipliers[o], &l->y);
            }
        }
    }
}
