/* A linear layer. */
typedef struct {
    const int8_t *weights; /* outputs x inputs */
    const int32_t *bias;
    const multiplier *multipliers; /* one an output */
{{- if .WeightZeros}}
    const int32_t *weight_zeros; /* one an output, or null */
{{- end}}
    int32_t inputs;
    int32_t outputs;
    int32_t zero; /* of x; 0 where the bias accounts for it */
    grid y;
} fully_connected;

static void linear(uint8_t *y, const uint8_t *x, const fully_connected *l)
{
    for (int32_t o = 0; o < l->outputs; o++) {
        int32_t sum = l->bias[o] + dot(x, l->weights + o * l->inputs, l->inputs, l->zero);
{{if .WeightZeros}}
        if (l->weight_zeros) {
            sum -= l->weight_zeros[o] * total(x, l->inputs, l->zero);
        }
{{end}}
        y[o] = requantize(sum, l->multipliers[o], &l->y);
    }
}
