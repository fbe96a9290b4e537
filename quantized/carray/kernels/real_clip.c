/* Real numbers, or the bound that they are beyond. */
static void real_clip(const target *y, const source *x, int32_t n, float least, float greatest)
{
    for (int32_t i = 0; i < n; i++) {
        const float r = real_at(x, i);

        put(y, i, r < least ? least : r > greatest ? greatest : r);
    }
}
