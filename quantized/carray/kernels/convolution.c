/* A convolution. */
typedef struct {
    window at;
    const int8_t *weights; /* outputs x height x width x inputs of a group */
    const int32_t *bias;
{{- if .Requantized}}
    const multiplier *multipliers; /* one per output channel */
{{- end}}
{{- if .ToReals}}
    const float *scales; /* of the sums, if these become real numbers */
    int32_t relu;
{{- end}}
{{- if .WeightZeros}}
    const int32_t *weight_zeros; /* one per output channel, or null */
{{- end}}
    int32_t outputs;
    int32_t groups;
    int32_t zero; /* of x; 0 if the bias accounts for it */
    grid y;
} convolution;
