/* The weights of a depthwise convolution: as they are, or unpacked into the scratch, which then begins after them. */
static const int8_t *unpacked(uint8_t **scratch, const products *l)
{
    const int32_t each = 8 / l->bits; /* of a byte */
    const int32_t n = l->inputs * l->outputs;
    uint8_t *const to = *scratch;

    if (each == 1) {
        return (const int8_t *)l->weights;
    }
    for (int32_t i = 0; i < n; i++) {
        const int32_t u = l->weights[i / each] >> i % each * l->bits & ((1 << l->bits) - 1);

        to[i] = (uint8_t)(u - (1 << (l->bits - 1)));
    }
    *scratch += n;
    return (const int8_t *)to;
}
