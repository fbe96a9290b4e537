/*
 * tiny_fixed.c: a quantized neural network, written by petrify.
 * tiny_fixed.h says what it is for and what it was made from.
 */
#include "tiny_fixed.h"

#if TINY_FIXED_EXPORT != 0xa59b5bc9
#error "tiny_fixed.h and tiny_fixed.c are of different exports"
#endif

/* v rounded half to even. */
static int32_t nearest(float v)
{
    const int32_t whole = (int32_t)v; /* towards zero */
    const float rest = v - (float)whole;
    const int odd = whole % 2 != 0;

    if (rest > 0.5f || (rest == 0.5f && odd)) {
        return whole + 1;
    }
    if (rest < -0.5f || (rest == -0.5f && odd)) {
        return whole - 1;
    }
    return whole;
}

/* A tensor's integers: real = scale * (q - zero), min <= q <= max. */
typedef struct {
    int32_t zero;
    int32_t min;
    int32_t max;
} grid;

/* The integer of v = real / scale. It is clipped first, so that any v is valid. */
static uint8_t quantize(float v, const grid *y)
{
    const float low = (float)(y->min - y->zero);
    const float high = (float)(y->max - y->zero);

    return (uint8_t)(y->zero + nearest(!(v > low) ? low : v > high ? high : v));
}

/* q + zero, within the grid. */
static uint8_t clip(int32_t q, const grid *y)
{
    const int32_t low = y->min - y->zero;
    const int32_t high = y->max - y->zero;

    return (uint8_t)(y->zero + (q < low ? low : q > high ? high : q));
}

/* A number in fixed point: q * 2^(shift - 31), 2^30 <= q < 2^31. */
typedef struct {
    int32_t q;
    int32_t shift;
} multiplier;

/* a * m, rounded twice: to 32 bits half up, then by the shift half away from zero. */
static int32_t multiply(int32_t a, multiplier m)
{
    const int32_t right = m.shift < 0 ? -m.shift : 0;
    const int64_t half = right > 0 ? (int64_t)1 << (right - 1) : 0;
    const int64_t nudge = (int64_t)1 << 30;
    int64_t v = m.shift > 0 ? a * ((int64_t)1 << m.shift) : a;

    v = v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : v;
    v *= m.q;
    v = (v + (v < 0 ? 1 - nudge : nudge)) / ((int64_t)1 << 31);
    return (int32_t)(v < 0 ? -((half - v) >> right) : (v + half) >> right);
}

/* Sums become integers by one fixed-point multiplication. */
static uint8_t requantize(int32_t sum, multiplier m, const grid *y)
{
    return clip(multiply(sum, m), y);
}

/* The int32_t that an unsigned number wraps around to. */
static int32_t wrapped(uint32_t sum)
{
    return sum <= INT32_MAX ? (int32_t)sum : -(int32_t)(UINT32_MAX - sum) - 1;
}

/*
 * The sum of x * w. Nearly all the time is spent here, so this is the loop to
 * rewrite with your processor's SIMD instructions. Before a layer's sum, which
 * fits int32_t, is complete, unsigned numbers may wrap around.
 */
static uint32_t dot(const uint8_t *x, const int8_t *w, int32_t n)
{
    uint32_t sum = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += (uint32_t)(x[i] * w[i]);
    }
    return sum;
}

/*
 * The sum of (x - zero) * w, where the image has padding: there x = zero. gcc 12
 * miscompiles the loop that subtracts before it multiplies, for processors with
 * VNNI or i8mm.
 */
static uint32_t centred_dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t zero)
{
    uint32_t sum = 0;
    int32_t weights = 0;

    for (int32_t i = 0; i < n; i++) {
        sum += (uint32_t)(x[i] * w[i]);
        weights += w[i];
    }
    return sum - (uint32_t)zero * (uint32_t)weights;
}

/* A linear layer. */
typedef struct {
    const int8_t *weights; /* outputs x inputs */
    const int32_t *bias;
    const multiplier *multipliers; /* one per output */
    int32_t inputs;
    int32_t outputs;
    grid y;
} fully_connected;

static void linear(uint8_t *y, const uint8_t *x, const fully_connected *l)
{
    for (int32_t o = 0; o < l->outputs; o++) {
        uint32_t sum = (uint32_t)l->bias[o] + dot(x, l->weights + o * l->inputs, l->inputs);

        y[o] = requantize(wrapped(sum), l->multipliers[o], &l->y);
    }
}

/* Where a window moves over an image. */
typedef struct {
    int32_t height, width, channels; /* of the input */
    int32_t out_height, out_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
} window;

/* A window at one position: where it begins, and which of its taps are in the image. */
typedef struct {
    int32_t row, column; /* of tap 0, 0; negative in the padding */
    int32_t top, bottom; /* top <= i < bottom are in the image */
    int32_t left, right;
} area;

static area area_at(const window *l, int32_t row, int32_t column)
{
    const int32_t dh = l->dilation_height;
    const int32_t dw = l->dilation_width;
    area a;

    a.row = row * l->stride_height - l->pad_top;
    a.column = column * l->stride_width - l->pad_left;
    a.top = a.row < 0 ? (dh - 1 - a.row) / dh : 0;
    a.left = a.column < 0 ? (dw - 1 - a.column) / dw : 0;
    a.bottom = (l->height - a.row + dh - 1) / dh;
    a.right = (l->width - a.column + dw - 1) / dw;
    a.bottom = a.bottom < l->kernel_height ? a.bottom : l->kernel_height;
    a.right = a.right < l->kernel_width ? a.right : l->kernel_width;
    return a;
}

/* A convolution. */
typedef struct {
    window at;
    const int8_t *weights; /* outputs x height x width x inputs of a group */
    const int32_t *bias;
    const multiplier *multipliers; /* one per output channel */
    int32_t outputs;
    int32_t groups;
    int32_t zero; /* of x; 0 if the bias accounts for it */
    grid y;
} convolution;

/* The sum of output channel o at one position. */
static int32_t convolve_at(const uint8_t *x, const convolution *l, const area *a, int32_t o)
{
    const window *at = &l->at;
    const int32_t inputs = at->channels / l->groups;
    const int8_t *w = l->weights + o * at->kernel_height * at->kernel_width * inputs;
    const int32_t taps = l->groups == 1 && at->dilation_width == 1 ? a->right - a->left : 1; /* adjacent ones */
    uint32_t sum = (uint32_t)l->bias[o];

    x += o / (l->outputs / l->groups) * inputs;
    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j += taps) {
            const int32_t row = a->row + i * at->dilation_height;
            const int32_t column = a->column + j * at->dilation_width;
            const uint8_t *pixel = x + (row * at->width + column) * at->channels;
            const int8_t *tap = w + (i * at->kernel_width + j) * inputs;
            const int32_t n = taps * inputs;

            sum += l->zero != 0 ? centred_dot(pixel, tap, n, l->zero) : dot(pixel, tap, n);
        }
    }
    return wrapped(sum);
}

static void convolve(uint8_t *y, const uint8_t *x, const convolution *l)
{
    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t o = 0; o < l->outputs; o++) {
                *y++ = requantize(convolve_at(x, l, &a, o), l->multipliers[o], &l->y);
            }
        }
    }
}

/* The greatest integer is the greatest number: x and y share a scale. */
static uint8_t max_at(const uint8_t *x, const window *l, const area *a)
{
    uint8_t greatest = 0;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            const uint8_t q = x[((a->row + i) * l->width + a->column + j) * l->channels];

            greatest = q > greatest ? q : greatest;
        }
    }
    return greatest;
}

static void max_pool(uint8_t *y, const uint8_t *x, const window *l)
{
    for (int32_t row = 0; row < l->out_height; row++) {
        for (int32_t column = 0; column < l->out_width; column++) {
            const area a = area_at(l, row, column);

            for (int32_t c = 0; c < l->channels; c++) {
                *y++ = max_at(x + c, l, &a);
            }
        }
    }
}

/* conv2d_1: conv2d, relu, 4 x 4 x 1 to 4 x 4 x 2 */
static const int8_t conv2d_1_weights[18] = {
    -127,  -68, -117,    0,  -13,  -94,  -81,   41,  -14,  112,  -97,  -26,   72,   59,    2, -109,
     -43,  127,
};
static const int32_t conv2d_1_bias[2] = {
    3235, 2372,
};
static const multiplier conv2d_1_multipliers[2] = {
    {.q = 1372655733, .shift = -7}, {.q = 1273599444, .shift = -7},
};
static const convolution conv2d_1_layer = {
    .at = {
        .height = 4, .width = 4, .channels = 1,
        .out_height = 4, .out_width = 4,
        .kernel_height = 3, .kernel_width = 3,
        .stride_height = 1, .stride_width = 1,
        .dilation_height = 1, .dilation_width = 1,
        .pad_top = 1, .pad_left = 1,
    },
    .weights = conv2d_1_weights, .bias = conv2d_1_bias,
    .multipliers = conv2d_1_multipliers,
    .y = {.zero = 0, .min = 0, .max = 255},
    .outputs = 2, .groups = 1, .zero = 128,
};

/* max_pool_2: max_pool, 4 x 4 x 2 to 2 x 2 x 2 */
static const window max_pool_2_layer = {
    .height = 4, .width = 4, .channels = 2,
    .out_height = 2, .out_width = 2,
    .kernel_height = 2, .kernel_width = 2,
    .stride_height = 2, .stride_width = 2,
    .dilation_height = 1, .dilation_width = 1,
    .pad_top = 0, .pad_left = 0,
};

/* linear_4: linear, 8 to 3 */
static const int8_t linear_4_weights[24] = {
    -127,   23,   82,   44,  117,    1,  -10, -126,   29,  -31,  114,  103,   51,   88, -102,  -29,
      51,  113, -114,   15,   34,  100,  -19,  127,
};
static const int32_t linear_4_bias[3] = {
     1348, -4293, -3009,
};
static const multiplier linear_4_multipliers[3] = {
    {.q = 1105546815, .shift = -7}, {.q = 1518988998, .shift = -8}, {.q = 1947751113, .shift = -8},
};
static const fully_connected linear_4_layer = {
    .weights = linear_4_weights, .bias = linear_4_bias,
    .multipliers = linear_4_multipliers,
    .y = {.zero = 128, .min = 0, .max = 255},
    .inputs = 8, .outputs = 3,
};

void tiny_fixed_run(uint8_t out[TINY_FIXED_OUTPUT_SIZE], const uint8_t in[TINY_FIXED_INPUT_SIZE], uint8_t arena[TINY_FIXED_ARENA_SIZE])
{
    convolve(arena, in, &conv2d_1_layer);
    max_pool(arena + 32, arena, &max_pool_2_layer);
    linear(out, arena + 32, &linear_4_layer);
}

void tiny_fixed_quantize(uint8_t q[TINY_FIXED_INPUT_SIZE], const float r[TINY_FIXED_INPUT_SIZE])
{
    const grid g = {TINY_FIXED_INPUT_ZERO, TINY_FIXED_INPUT_MIN, TINY_FIXED_INPUT_MAX};

    for (int32_t i = 0; i < TINY_FIXED_INPUT_SIZE; i++) {
        q[i] = quantize(r[i] / TINY_FIXED_INPUT_SCALE, &g);
    }
}

void tiny_fixed_dequantize(float r[TINY_FIXED_OUTPUT_SIZE], const uint8_t q[TINY_FIXED_OUTPUT_SIZE])
{
    for (int32_t i = 0; i < TINY_FIXED_OUTPUT_SIZE; i++) {
        r[i] = TINY_FIXED_OUTPUT_SCALE * (float)(q[i] - TINY_FIXED_OUTPUT_ZERO);
    }
}

static const uint8_t pixels_table[256] = {
     92,  92,  92,  93,  93,  93,  93,  93,  93,  94,  94,  94,  94,  94,  94,  95,
     95,  95,  95,  95,  95,  96,  96,  96,  96,  96,  97,  97,  97,  97,  97,  97,
     98,  98,  98,  98,  98,  98,  99,  99,  99,  99,  99, 100, 100, 100, 100, 100,
    100, 101, 101, 101, 101, 101, 101, 102, 102, 102, 102, 102, 102, 103, 103, 103,
    103, 103, 104, 104, 104, 104, 104, 104, 105, 105, 105, 105, 105, 105, 106, 106,
    106, 106, 106, 106, 107, 107, 107, 107, 107, 108, 108, 108, 108, 108, 108, 109,
    109, 109, 109, 109, 109, 110, 110, 110, 110, 110, 111, 111, 111, 111, 111, 111,
    112, 112, 112, 112, 112, 112, 113, 113, 113, 113, 113, 113, 114, 114, 114, 114,
    114, 115, 115, 115, 115, 115, 115, 116, 116, 116, 116, 116, 116, 117, 117, 117,
    117, 117, 118, 118, 118, 118, 118, 118, 119, 119, 119, 119, 119, 119, 120, 120,
    120, 120, 120, 120, 121, 121, 121, 121, 121, 122, 122, 122, 122, 122, 122, 123,
    123, 123, 123, 123, 123, 124, 124, 124, 124, 124, 125, 125, 125, 125, 125, 125,
    126, 126, 126, 126, 126, 126, 127, 127, 127, 127, 127, 127, 128, 128, 128, 128,
    128, 129, 129, 129, 129, 129, 129, 130, 130, 130, 130, 130, 130, 131, 131, 131,
    131, 131, 132, 132, 132, 132, 132, 132, 133, 133, 133, 133, 133, 133, 134, 134,
    134, 134, 134, 134, 135, 135, 135, 135, 135, 136, 136, 136, 136, 136, 136, 137,
};

void tiny_fixed_pixels(uint8_t q[TINY_FIXED_INPUT_SIZE], const uint8_t image[TINY_FIXED_INPUT_SIZE])
{
    for (int32_t i = 0; i < TINY_FIXED_INPUT_SIZE; i++) {
        q[i] = pixels_table[image[i]];
    }
}

const char *const tiny_fixed_classes[TINY_FIXED_OUTPUT_SIZE] = {
    "cat",
    "dog",
    "\"other\"\077",
};
