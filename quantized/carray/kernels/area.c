/* The part of a pool's window that lies in the image. */
typedef struct {
    int32_t top, bottom, left, right;
} area;

static area area_at(const window *l, int32_t row, int32_t column)
{
    const int32_t h = row * l->stride_height - l->pad_top;
    const int32_t v = column * l->stride_width - l->pad_left;
    area a;

    a.top = h > 0 ? h : 0;
    a.bottom = h + l->kernel_height < l->height ? h + l->kernel_height : l->height;
    a.left = v > 0 ? v : 0;
    a.right = v + l->kernel_width < l->width ? v + l->kernel_width : l->width;
    return a;
}
