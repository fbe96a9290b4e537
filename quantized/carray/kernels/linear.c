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
    grid y;
} fully_connected;

static void linear(uint8_t *y, const uint8_t *x, const fully_connected *l)
{
    for (int32_t o = 0; o < l->outputs; o++) {
        uint32_t sum = (uint32_t)l->bias[o] + dot(x, l->weights + o * l->inputs, l->inputs);
{{if .WeightZeros}}
        if (l->weight_zeros) {
            sum -= (uint32_t)l->weight_zeros[o] * total(x, l->inputs);
        }
{{end}}
        y[o] = requantize(wrapped(sum), l->multipliers[o], &l->y);
    }
}
