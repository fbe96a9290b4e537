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
        int32_t sum = -l->zero * l->pixels;

        for (int32_t i = 0; i < l->pixels; i++) {
            sum += x[i * l->channels + c];
        }
        y[c] = {{if .Fixed}}clip(multiply_as_float(sum, l->m), &l->y){{else}}requantize(sum, l->m, &l->y){{end}};
    }
}
