/* exp(x) / sum of exp(x) over the channels, in float. */
typedef struct {
    const float *exponentials; /* of an input i steps below the greatest */
    float levels;              /* steps of y from 0 to 1 */
    int32_t pixels;
    int32_t channels;
    grid y;
} soft_maximum;

static void softmax_row(uint8_t *y, const uint8_t *x, const soft_maximum *l)
{
    uint8_t greatest = 0;
    float sum = 0.0f;

    for (int32_t c = 0; c < l->channels; c++) {
        greatest = x[c] > greatest ? x[c] : greatest;
    }
    for (int32_t c = 0; c < l->channels; c++) {
        sum += l->exponentials[greatest - x[c]];
    }
    for (int32_t c = 0; c < l->channels; c++) {
        y[c] = quantize(l->exponentials[greatest - x[c]] * l->levels / sum, &l->y);
    }
}

static void softmax(uint8_t *y, const uint8_t *x, const soft_maximum *l)
{
    for (int32_t i = 0; i < l->pixels; i++) {
        softmax_row(y + i * l->channels, x + i * l->channels, l);
    }
}
