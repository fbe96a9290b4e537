/* The sum of output channel o at one place. Padding adds nothing: there x = zero. */
static int32_t convolve_at(const uint8_t *x, const convolution *l, const area *a, int32_t o)
{
    const window *at = &l->at;
    const int32_t inputs = at->channels / l->groups;
    const int8_t *w = l->weights + o * at->kernel_height * at->kernel_width * inputs;
    const int32_t taps = l->groups == 1 && at->dilation_width == 1 ? a->right - a->left : 1; /* that lie side by side */
    int32_t sum = l->bias[o];

    x += o / (l->outputs / l->groups) * inputs;
    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j += taps) {
            const int32_t row = a->row + i * at->dilation_height;
            const int32_t column = a->column + j * at->dilation_width;
            const uint8_t *pixel = x + (row * at->width + column) * at->channels;

            sum += dot(pixel, w + (i * at->kernel_width + j) * inputs, taps * inputs, l->zero);
{{- if .WeightZeros}}
            if (l->weight_zeros) {
                sum -= l->weight_zeros[o] * total(pixel, taps * inputs, l->zero);
            }
{{- end}}
        }
    }
    return sum;
}

static void convolve(uint8_t *y, const uint8_t *x, const convolution *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t o = 0; o < l->outputs; o++) {
                *y++ = requantize(convolve_at(x, l, &a, o), l->multipliers[o], &l->y);
            }
        }
    }
}
