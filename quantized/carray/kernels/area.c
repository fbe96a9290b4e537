/* A window at one position: where it begins, and which of its taps are in the image. */
typedef struct {
    int32_t row, column; /* of tap 0, 0; negative in the padding */
    int32_t top, bottom; /* top <= i < bottom are in the image */
    int32_t left, right;
} area;

static area area_at(const window *l, int32_t row, int32_t column)
{
    const int32_t dh = l->dilation_height;
    const int32_t dw = l->dilation_width;
    area a;

    a.row = row * l->stride_height - l->pad_top;
    a.column = column * l->stride_width - l->pad_left;
    a.top = a.row < 0 ? (dh - 1 - a.row) / dh : 0;
    a.left = a.column < 0 ? (dw - 1 - a.column) / dw : 0;
    a.bottom = (l->height - a.row + dh - 1) / dh;
    a.right = (l->width - a.column + dw - 1) / dw;
    a.bottom = a.bottom < l->kernel_height ? a.bottom : l->kernel_height;
    a.right = a.right < l->kernel_width ? a.right : l->kernel_width;
    return a;
}
