/* Where a window moves over an image. */
typedef struct {
    int32_t height, width, channels; /* of the input */
    int32_t out_height, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
{{- if .CountIncludePad}}
    int32_t count_bottom, count_right; /* where the padding that a mean counts ends; 0: it counts none */
{{- end}}
} window;
