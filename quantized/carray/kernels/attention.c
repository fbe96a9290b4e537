/* Products of two tensors in the heads of an attention: y[h] = a[h] * b[h], rows x columns, each of `terms`. */
typedef struct {
    int32_t head;
    int32_t row;
    int32_t column;
} strides;

typedef struct {
    int32_t heads;
    int32_t rows;
    int32_t columns;
    int32_t terms;
    strides a;
    strides b;
    strides y;
} heads_of;

static int32_t place(const strides *s, int32_t head, int32_t row, int32_t column)
{
    return head * s->head + row * s->row + column * s->column;
}
