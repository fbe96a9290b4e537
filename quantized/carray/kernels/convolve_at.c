/* The sum of output channel o at one position. */
static int32_t convolve_at(const uint8_t *x, const convolution *l, const area *a, int32_t o)
{
    const window *at = &l->at;
    const int32_t inputs = at->channels / l->groups;
    const int8_t *w = l->weights + o * at->kernel_height * at->kernel_width * inputs;
    const int32_t taps = l->groups == 1 && at->dilation_width == 1 ? a->right - a->left : 1; /* adjacent ones */
    uint32_t sum = (uint32_t)l->bias[o];

    x += o / (l->outputs / l->groups) * inputs;
    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j += taps) {
            const int32_t row = a->row + i * at->dilation_height;
            const int32_t column = a->column + j * at->dilation_width;
            const uint8_t *pixel = x + (row * at->width + column) * at->channels;
            const int8_t *tap = w + (i * at->kernel_width + j) * inputs;
            const int32_t n = taps * inputs;

            sum += {{if .Padding}}l->zero != 0 ? centred_dot(pixel, tap, n, l->zero) : {{end}}dot(pixel, tap, n);
{{- if .WeightZeros}}
            if (l->weight_zeros) {
                sum -= (uint32_t)l->weight_zeros[o] * (total(pixel, n) - (uint32_t)(l->zero * n));
            }
{{- end}}
        }
    }
    return wrapped(sum);
}
