/* A tensor's integers: real = scale * q, and q + zero is stored, low <= q <= high. */
typedef struct {
    int32_t zero;
    int32_t low;
    int32_t high;
} grid;
