/* A function of real numbers. */
static void real_apply(const target *y, const source *x, int32_t n, float (*function)(float x, float slope),
                       float slope)
{
    for (int32_t i = 0; i < n; i++) {
        put(y, i, function(real_at(x, i), slope));
    }
}
