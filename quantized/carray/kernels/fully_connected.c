/* A linear layer. */
typedef struct {
    const int8_t *weights; /* outputs x inputs */
    const int32_t *bias;
{{- if .Requantized}}
    const multiplier *multipliers; /* one per output */
{{- end}}
{{- if .ToReals}}
    const float *scales; /* of the sums, if these become real numbers */
    int32_t relu;
{{- end}}
{{- if .WeightZeros}}
    const int32_t *weight_zeros; /* one per output, or null */
{{- end}}
    int32_t inputs;
    int32_t outputs;
    grid y;
} fully_connected;
