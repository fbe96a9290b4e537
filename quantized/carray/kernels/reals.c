/* Real numbers to read: integers, or floats if the scale is 0. */
typedef struct {
    const float *floats;
    const uint8_t *bytes;
    float scale;
    int32_t zero;
} source;

/* Where real numbers are written: quantized, or as floats if the scale is 0. */
typedef struct {
    float *floats;
    uint8_t *bytes;
    float scale;
    grid y;
} target;

static float real_at(const source *x, int32_t i)
{
    return x->scale == 0.0f ? x->floats[i] : x->scale * (float)(x->bytes[i] - x->zero);
}

static void put(const target *y, int32_t i, float real)
{
    if (y->scale == 0.0f) {
        y->floats[i] = real;
    } else {
        y->bytes[i] = quantize(real / y->scale, &y->y);
    }
}
