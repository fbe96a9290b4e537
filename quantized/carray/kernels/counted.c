/* How many numbers a mean is of: pixels, and zeros around the image where they count. */
static int32_t counted(const window *l, const area *a)
{
    const int32_t rows = l->count_bottom - a->row;
    const int32_t columns = l->count_right - a->column;

    if (l->count_bottom == 0) {
        return seen(a);
    }
    return (rows < l->kernel_height ? rows : l->kernel_height) *
           (columns < l->kernel_width ? columns : l->kernel_width);
}
