/* Takes the mean of a pixel's channels to 0 and their variance to 1, in double. */
typedef struct {
    const float *gamma; /* a factor for each channel, after that */
    const float *beta;  /* and a shift */
    double epsilon;     /* added to the variance; of integers, to n * n times their variance */
    int32_t pixels;
    int32_t channels;
} normalization;

static double centred_row(double *mean, const source *x, int32_t first, int32_t channels)
{
    const double n = (double)channels;
    double sum = 0.0;
    double squares = 0.0;

    for (int32_t c = 0; c < channels; c++) {
        sum += (double)real_at(x, first + c);
    }
    *mean = sum / n;
    for (int32_t c = 0; c < channels; c++) {
        const double d = (double)real_at(x, first + c) - *mean;
        const volatile double square = d * d; /* volatile: round before it is added */

        squares += square;
    }
    return squares / n;
}

static double whole_row(int64_t *sum, const source *x, int32_t first, int32_t channels)
{
    int64_t squares = 0;

    *sum = 0;
    for (int32_t c = 0; c < channels; c++) {
        const int32_t d = x->bytes[first + c] - x->zero;

        *sum += d;
        squares += d * d;
    }
    return (double)(channels * squares - *sum * *sum);
}

static void layer_norm(const target *y, const source *x, const normalization *l)
{
    for (int32_t i = 0; i < l->pixels * l->channels; i += l->channels) {
        double mean = 0.0;
        int64_t sum = 0;
        const double variance = x->scale == 0.0f ? centred_row(&mean, x, i, l->channels)
                                                 : whole_row(&sum, x, i, l->channels);
        const volatile double raised = variance + l->epsilon; /* volatile: each operation rounds by itself */
        const volatile double inverse = 1.0 / sqrt(raised);

        for (int32_t c = 0; c < l->channels; c++) {
            const double centred = x->scale == 0.0f
                                       ? (double)real_at(x, i + c) - mean
                                       : (double)((int64_t)l->channels * (x->bytes[i + c] - x->zero) - sum);
            const volatile double normal = centred * inverse;
            const volatile double scaled = normal * (double)l->gamma[c];

            put(y, i + c, (float)(scaled + (double)l->beta[c]));
        }
    }
}
