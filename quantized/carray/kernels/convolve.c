static void convolve{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int32_t inputs = l->at.channels / l->groups;
    const int32_t outputs = l->of.outputs / l->groups;

    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const uint8_t *w = l->of.weights;

            for (int32_t g = 0; g < l->groups; g++) {
                const uint8_t *taps = patch(scratch, x, l, row, column, g * inputs, inputs);

                w = weigh{{.Suffix}}(y, taps, w, &l->of, g * outputs, (g + 1) * outputs);
            }
            y += l->of.outputs;
        }
    }
}
