/* exp(x) / sum of exp(x) over the channels, in double. */
static void real_softmax(const target *y, const source *x, int32_t pixels, int32_t channels)
{
    for (int32_t i = 0; i < pixels * channels; i += channels) {
        double greatest = (double)real_at(x, i);
        double sum = 0.0;

        for (int32_t c = 1; c < channels; c++) {
            const double real = (double)real_at(x, i + c);

            greatest = real > greatest ? real : greatest;
        }
        for (int32_t c = 0; c < channels; c++) {
            sum += exp((double)real_at(x, i + c) - greatest);
        }
        for (int32_t c = 0; c < channels; c++) {
            put(y, i + c, (float)(exp((double)real_at(x, i + c) - greatest) / sum));
        }
    }
}
