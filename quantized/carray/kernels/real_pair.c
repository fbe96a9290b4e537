/* {{.Says}} of two tensors of real numbers; b has as many elements as a, or one for each channel. */
static void real_{{.Name}}(const target *y, const source *a, const source *b, int32_t n, int32_t b_n, int32_t relu)
{
    for (int32_t i = 0, k = 0; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        const volatile float first = real_at(a, i); /* volatile: round before they are {{.Joined}} */
        const volatile float second = real_at(b, k);

        put(y, i, fused({{.Result}}, relu));
    }
}
