/*
 * The greater, or the less, of two tensors, which tables convert to y's scale; b has as many
 * elements as a, or one for each channel.
 */
static void choose(uint8_t *y, const uint8_t *a, const uint8_t *b, int32_t n, int32_t b_n, int32_t greater,
    const uint8_t *a_table, const uint8_t *b_table)
{
    for (int32_t i = 0, k = 0; i < n; i++, k = k + 1 < b_n ? k + 1 : 0) {
        const uint8_t first = a_table ? a_table[a[i]] : a[i];
        const uint8_t second = b_table ? b_table[b[k]] : b[k];

        y[i] = (first > second) == (greater != 0) ? first : second;
    }
}
