{{if not .AnyDepthwise}}#if !SLIDES
{{end}}/* Where the taps of a window are: in the image, or in a copy if some of them are outside. */
static inline taps spread(const uint8_t **x, uint8_t *copies, const convolution *l, int32_t place)
{
    const window *at = &l->at;
    const int32_t row = place / at->out_width;
    const int32_t column = place - row * at->out_width;
    const int32_t top = row * at->stride_height - at->pad_top;
    const int32_t left = column * at->stride_width - at->pad_left;
    taps t = {at->kernel_height, at->kernel_width, at->kernel_width * at->channels, at->channels};

    if (top < 0 || left < 0 || top + (t.rows - 1) * at->dilation_height >= at->height ||
        left + (t.columns - 1) * at->dilation_width >= at->width) {
        *x = patch(copies, *x, l, place, 0, at->channels);
        return t;
    }
    *x += (top * at->width + left) * at->channels;
    t.down = at->dilation_height * at->width * at->channels;
    t.right = at->dilation_width * at->channels;
    return t;
}
{{if not .AnyDepthwise}}#endif
{{end}}