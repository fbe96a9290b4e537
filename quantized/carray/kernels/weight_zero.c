/* The zero point of the weights of output o. */
static inline int32_t weight_zero(const products *l, int32_t o)
{
    return l->weight_zeros ? l->weight_zeros[o] : 0;
}
