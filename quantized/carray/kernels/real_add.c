/* A sum of two tensors of real numbers. */
static void real_add(const target *y, const source *a, const source *b, int32_t n, int32_t relu)
{
    for (int32_t i = 0; i < n; i++) {
        const volatile float first = real_at(a, i); /* volatile: round before they are added */
        const volatile float second = real_at(b, i);

        put(y, i, fused(first + second, relu));
    }
}
