static void convolve{{.Suffix}}({{.Type}} *y, const uint8_t *x, uint8_t *scratch, const convolution *l)
{
    const int32_t inputs = l->at.channels / l->groups;
    const int32_t outputs = l->of.outputs / l->groups;
    const int32_t n = l->at.out_height * l->at.out_width;

#if FOUR_PLACES
    const int32_t straight = inputs % 4 == 0; /* or of a copy */
    const int32_t fit = (straight ? 8 * l->of.inputs : 9 * l->of.inputs + 24) + 3 <= {{.Widest}};
#endif

    for (int32_t i = 0; i < n; i++, y += l->of.outputs) {
        const uint8_t *w = l->of.weights;
#if FOUR_PLACES
        if (fit && n >= 4) {
            uint8_t *const wide = scratch + (0u - (uintptr_t)scratch) % 4u;

            if (i > n - 4) { /* again some that are there */
                y -= (i - n + 4) * l->of.outputs;
                i = n - 4;
            }
            for (int32_t g = 0; g < l->groups; g++) {
                uint32_t totals[4];

                for (int32_t j = 0; j < 4; j++) {
                    uint8_t *const to = wide + 4 * j;

                    if (straight) {
                        totals[j] = widen_window(to, x, l, i + j, g * inputs, inputs);
                    } else {
                        uint8_t *const copies = wide + 8 * l->of.inputs + 24;

                        totals[j] = widen(to, patch(copies, x, l, i + j, g * inputs, inputs), l->of.inputs);
                    }
                }
                w = weigh_wide{{.Suffix}}(y, wide, totals, w, &l->of, g * outputs, (g + 1) * outputs);
            }
            i += 3;
            y += 3 * l->of.outputs;
            continue;
        }
#endif
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
