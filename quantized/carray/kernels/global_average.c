/* The mean of a whole image, from the sum of its integers. */
typedef struct {
    int32_t pixels;
    int32_t channels;
    int32_t zero; /* of x */
    {{if .Fixed}}factor{{else}}multiplier{{end}} m;
    grid y;
} global_averaging;

static void global_average(uint8_t *y, const uint8_t *x, const global_averaging *l)
{
    for (int32_t c = 0; c < l->channels; c++) {
        const int32_t sum = (int32_t)sum_at(x + c, 1, l->pixels, 0, l->channels) - l->zero * l->pixels;

        y[c] = {{if .Fixed}}clip(multiply_as_float(sum, l->m), &l->y){{else}}requantize(sum, l->m, &l->y){{end}};
    }
}
