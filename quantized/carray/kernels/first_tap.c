/* The first tap in the image, of the channel at x. */
static const uint8_t *first_tap(const uint8_t *x, const window *l, const area *a)
{
    return x + ((a->row + a->top) * l->width + a->column + a->left) * l->channels;
}
