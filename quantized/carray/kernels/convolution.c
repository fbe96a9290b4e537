/* A convolution. */
typedef struct {
    window at;
    products of;
    int32_t groups;
    int32_t zero; /* of x */
} convolution;
