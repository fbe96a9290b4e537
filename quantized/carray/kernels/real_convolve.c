/* A convolution of real numbers, or a linear layer: there a pixel is one of the image that was flattened. */
typedef struct {
    window at;
    const float *weights;   /* outputs x inputs of a group x height x width; null: integers */
    const int8_t *integers; /* less zeros, times scales */
    const float *scales;    /* one for each block of an output's weights */
    const int32_t *zeros;   /* as many; null: 0 */
    int32_t block;
    const float *bias;
    int32_t outputs;
    int32_t groups;
    int32_t relu;
} real_convolution;

/* Weight i of output channel o, of n. */
static float weight_at(const real_convolution *l, int32_t o, int32_t n, int32_t i)
{
    int32_t k;

    if (l->weights) {
        return l->weights[o * n + i];
    }
    k = o * ((n + l->block - 1) / l->block) + i / l->block;
    return l->scales[k] * (float)(l->integers[o * n + i] - (l->zeros ? l->zeros[k] : 0));
}

/*
 * The sum of output channel o at one place: the bias, then channel after channel,
 * row after row. Products of floats are exact as doubles, fused with the sum or not.
 */
static float real_sum(const source *x, const real_convolution *l, const area *a, int32_t o)
{
    const window *at = &l->at;
    const int32_t inputs = at->channels / l->groups;
    const int32_t first = o / (l->outputs / l->groups) * inputs;
    const int32_t places = at->kernel_height * at->kernel_width;
    double sum = (double)l->bias[o];

    for (int32_t c = 0; c < inputs; c++) {
        for (int32_t i = a->top; i < a->bottom; i++) {
            for (int32_t j = a->left; j < a->right; j++) {
                const int32_t row = a->row + i * at->dilation_height;
                const int32_t column = a->column + j * at->dilation_width;
                const float w = weight_at(l, o, inputs * places, c * places + i * at->kernel_width + j);

                sum += (double)w * (double)real_at(x, (row * at->width + column) * at->channels + first + c);
            }
        }
    }
    return (float)sum;
}

static void real_convolve(const target *y, const source *x, const real_convolution *l)
{
    int32_t n = 0;

    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t o = 0; o < l->outputs; o++) {
                put(y, n++, fused(real_sum(x, l, &a, o), l->relu));
            }
        }
    }
}
