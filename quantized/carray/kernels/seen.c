/* How many pixels of the image a window sees. */
static int32_t seen(const area *a)
{
    return (a->bottom - a->top) * (a->right - a->left);
}
