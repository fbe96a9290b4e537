static void convolve{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int32_t inputs = l->at.channels / l->groups;
    const int32_t outputs = l->of.outputs / l->groups;
    const int32_t n = l->at.out_height * l->at.out_width;

    for (int32_t i = 0; i < n; i++, y += l->of.outputs) {
        const uint8_t *w = l->of.weights;
#if TWO_PLACES
        if (i + 1 < n) { /* two places at once */
            for (int32_t g = 0; g < l->groups; g++) {
                const uint8_t *a = patch(scratch, x, l, i, g * inputs, inputs);
                const uint8_t *b = patch(scratch + l->of.inputs, x, l, i + 1, g * inputs, inputs);

                w = weigh_two{{.Suffix}}(y, a, b, w, &l->of, g * outputs, (g + 1) * outputs);
            }
            i++;
            y += l->of.outputs;
            continue;
        }
#endif
        for (int32_t g = 0; g < l->groups; g++) {
            const uint8_t *taps = patch(scratch, x, l, i, g * inputs, inputs);

            w = weigh{{.Suffix}}(y, taps, w, &l->of, g * outputs, (g + 1) * outputs);
        }
    }
}
