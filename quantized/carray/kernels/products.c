/* Sums of products, and what makes outputs of them. */
typedef struct {
    const uint8_t *weights;
    const int32_t *bias; /* less x's zero point times the sum of the weights */
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
{{- if .Packed}}
    int32_t bits; /* of a weight */
    int32_t step; /* what weights are multiplied by */
{{- end}}
    int32_t inputs; /* of one output */
    int32_t outputs;
    grid y;
} products;
