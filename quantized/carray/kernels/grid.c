/* A tensor's integers: real = scale * (q - zero), min <= q <= max. */
typedef struct {
    int32_t zero;
    int32_t min;
    int32_t max;
} grid;
