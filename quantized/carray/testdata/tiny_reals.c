/*
 * tiny_reals.c: a quantized neural network, written by petrify.
 * tiny_reals.h says what it is for and what it was made from.
 */
#include "tiny_reals.h"

#include <float.h>
#include <math.h>

#if TINY_REALS_EXPORT != 0xc3002573
#error "tiny_reals.h and tiny_reals.c are of different exports"
#endif

/* Results are exact where floats are IEEE 754 and every operation rounds. */
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24
#error "floats are not those of IEEE 754"
#endif
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* 16: narrower types are not widened */
#error "floats are computed in a wider type: on x86, compile this file with -msse2 -mfpmath=sse"
#endif
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(_M_FP_FAST)
#error "fast, inexact floats change results: compile this file without -ffast-math or /fp:fast"
#endif
#if DBL_MANT_DIG != 53
#error "double is not that of IEEE 754: sums of real numbers need its 53 bits"
#endif

/* v rounded half to even, as a float whose last bit is 1 has no others: |v| < 2^22. */
static inline int32_t nearest(float v)
{
    union {
        float real;
        int32_t bits;
    } whole;

    whole.real = v + 12582912.0f; /* 2^23 + 2^22 */
    return whole.bits - 0x4b400000;
}

/* A tensor's integers: real = scale * q, and q + zero is stored, low <= q <= high. */
typedef struct {
    int32_t zero;
    int32_t low;
    int32_t high;
} grid;

/* The integer of v = real / scale. It is clipped first, so that any v is valid. */
static inline uint8_t quantize(float v, const grid *y)
{
    const float low = (float)y->low;
    const float high = (float)y->high;

    return (uint8_t)(y->zero + nearest(!(v > low) ? low : v > high ? high : v));
}

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

/* A function that is fused into a layer of real numbers; 0: none, 1: ReLU, 6: ReLU6. */
static float fused(float real, int32_t relu)
{
    if (relu != 0 && real <= 0.0f) {
        return 0.0f;
    }
    return relu == 6 && real > 6.0f ? 6.0f : real;
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

/* A convolution of real numbers, or a linear layer: there a pixel is one of the image that was flattened. */
typedef struct {
    window at;
    const float *weights;   /* outputs x inputs of a group x height x width; null: integers */
    const int8_t *integers; /* less zeros, times scales */
    const float *scales;    /* one for each block of an output's weights */
    const int32_t *zeros;   /* as many; null: 0 */
    int32_t block;
    const float *bias;
    int32_t outputs;
    int32_t groups;
    int32_t relu;
} real_convolution;

/* Weight i of output channel o, of n. */
static float weight_at(const real_convolution *l, int32_t o, int32_t n, int32_t i)
{
    int32_t k;

    if (l->weights) {
        return l->weights[o * n + i];
    }
    k = o * ((n + l->block - 1) / l->block) + i / l->block;
    return l->scales[k] * (float)(l->integers[o * n + i] - (l->zeros ? l->zeros[k] : 0));
}

/*
 * The sum of output channel o at one place: the bias, then channel after channel,
 * row after row. Products of floats are exact as doubles, fused with the sum or not.
 */
static float real_sum(const source *x, const real_convolution *l, const area *a, int32_t o)
{
    const window *at = &l->at;
    const int32_t inputs = at->channels / l->groups;
    const int32_t first = o / (l->outputs / l->groups) * inputs;
    const int32_t places = at->kernel_height * at->kernel_width;
    double sum = (double)l->bias[o];

    for (int32_t c = 0; c < inputs; c++) {
        for (int32_t i = a->top; i < a->bottom; i++) {
            for (int32_t j = a->left; j < a->right; j++) {
                const int32_t row = a->row + i * at->dilation_height;
                const int32_t column = a->column + j * at->dilation_width;
                const float w = weight_at(l, o, inputs * places, c * places + i * at->kernel_width + j);

                sum += (double)w * (double)real_at(x, (row * at->width + column) * at->channels + first + c);
            }
        }
    }
    return (float)sum;
}

static void real_convolve(const target *y, const source *x, const real_convolution *l)
{
    int32_t n = 0;

    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t o = 0; o < l->outputs; o++) {
                put(y, n++, fused(real_sum(x, l, &a, o), l->relu));
            }
        }
    }
}

/* How many pixels of the image a window sees. */
static int32_t seen(const area *a)
{
    return (a->bottom - a->top) * (a->right - a->left);
}

/* The mean of a window, or its greatest number. */
typedef struct {
    window at;
    int32_t mean; /* 0: the greatest */
} real_pooling;

static float real_pool_at(const source *x, const real_pooling *l, const area *a, int32_t c)
{
    float sum = 0.0f;
    float greatest = 0.0f;
    int32_t n = 0;

    for (int32_t i = a->top; i < a->bottom; i++) {
        for (int32_t j = a->left; j < a->right; j++) {
            const volatile float real = /* volatile: rounds before it is added */
                real_at(x, ((a->row + i) * l->at.width + a->column + j) * l->at.channels + c);

            sum += real;
            greatest = n++ == 0 || real > greatest ? real : greatest;
        }
    }
    return l->mean != 0 ? sum / (float)seen(a) : greatest;
}

static void real_pool(const target *y, const source *x, const real_pooling *l)
{
    int32_t n = 0;

    for (int32_t row = 0; row < l->at.out_height; row++) {
        for (int32_t column = 0; column < l->at.out_width; column++) {
            const area a = area_at(&l->at, row, column);

            for (int32_t c = 0; c < l->at.channels; c++) {
                put(y, n++, real_pool_at(x, l, &a, c));
            }
        }
    }
}

/* exp(x) / sum of exp(x) over the channels, in double. */
static void real_softmax(const target *y, const source *x, int32_t pixels, int32_t channels)
{
    for (int32_t i = 0; i < pixels * channels; i += channels) {
        double greatest = (double)real_at(x, i);
        double sum = 0.0;

        for (int32_t c = 1; c < channels; c++) {
            const double real = (double)real_at(x, i + c);

            greatest = real > greatest ? real : greatest;
        }
        for (int32_t c = 0; c < channels; c++) {
            sum += exp((double)real_at(x, i + c) - greatest);
        }
        for (int32_t c = 0; c < channels; c++) {
            put(y, i + c, (float)(exp((double)real_at(x, i + c) - greatest) / sum));
        }
    }
}

/* conv2d_1: conv2d, relu, 4 x 4 x 2 to 4 x 4 x 2 */
static const int8_t conv2d_1_weights[36] = {
    -128, -116, -119, -114, -119, -128, -113, -118, -117, -115, -114, -117, -121, -126, -119, -114,
    -119, -121, -115, -122, -122, -128, -125, -127, -116, -118, -125, -114, -122, -127, -114, -120,
    -113, -115, -120, -113,
};
static const float conv2d_1_scales[2] = {
    0.07803594f, 0.06106482f,
};
static const int32_t conv2d_1_zeros[2] = {
    -121, -122,
};
static const float conv2d_1_bias[2] = {
    -0.55022925f,  0.40962687f,
};
static const real_convolution conv2d_1_layer = {
    .at = {
        .height = 4, .width = 4, .channels = 2,
        .out_height = 4, .out_width = 4,
        .kernel_height = 3, .kernel_width = 3,
        .stride_height = 1, .stride_width = 1,
        .dilation_height = 1, .dilation_width = 1,
        .pad_top = 1, .pad_left = 1,
    },
    .integers = conv2d_1_weights, .scales = conv2d_1_scales, .block = 18,
    .zeros = conv2d_1_zeros,
    .bias = conv2d_1_bias,
    .outputs = 2, .groups = 1, .relu = 1,
};

/* avg_pool_2: avg_pool, 4 x 4 x 2 to 2 x 2 x 2 */
static const real_pooling avg_pool_2_layer = {
    .at = {
        .height = 4, .width = 4, .channels = 2,
        .out_height = 2, .out_width = 2,
        .kernel_height = 2, .kernel_width = 2,
        .stride_height = 2, .stride_width = 2,
        .dilation_height = 1, .dilation_width = 1,
        .pad_top = 0, .pad_left = 0,
    },
    .mean = 1,
};

/* conv2d_3: conv2d, relu6, 2 x 2 x 2 to 2 x 2 x 1 */
static const int8_t conv2d_3_weights[2] = {
    -128, -113,
};
static const float conv2d_3_scales[1] = {
    0.06739967f,
};
static const int32_t conv2d_3_zeros[1] = {
    -120,
};
static const float conv2d_3_bias[1] = {
    0.008270253f,
};
static const real_convolution conv2d_3_layer = {
    .at = {
        .height = 2, .width = 2, .channels = 2,
        .out_height = 2, .out_width = 2,
        .kernel_height = 1, .kernel_width = 1,
        .stride_height = 1, .stride_width = 1,
        .dilation_height = 1, .dilation_width = 1,
        .pad_top = 0, .pad_left = 0,
    },
    .integers = conv2d_3_weights, .scales = conv2d_3_scales, .block = 2,
    .zeros = conv2d_3_zeros,
    .bias = conv2d_3_bias,
    .outputs = 1, .groups = 1, .relu = 6,
};

/* linear_5: linear, 4 to 3 */
static const int8_t linear_5_weights[12] = {
    -128, -123, -115, -123, -128, -113, -113, -114, -126, -120, -113, -113,
};
static const float linear_5_scales[6] = {
     0.05452449f,  0.07663625f,  0.06044315f, 0.061062295f, 0.083051555f,  0.08257498f,
};
static const int32_t linear_5_zeros[6] = {
    -120, -120, -120, -121, -122, -121,
};
static const float linear_5_bias[3] = {
      0.2675918f, 0.061985802f, -0.20621881f,
};
static const real_convolution linear_5_layer = {
    .at = {
        .height = 1, .width = 1, .channels = 4,
        .out_height = 1, .out_width = 1,
        .kernel_height = 1, .kernel_width = 1,
        .stride_height = 1, .stride_width = 1,
        .dilation_height = 1, .dilation_width = 1,
        .pad_top = 0, .pad_left = 0,
    },
    .integers = linear_5_weights, .scales = linear_5_scales, .block = 2,
    .zeros = linear_5_zeros,
    .bias = linear_5_bias,
    .outputs = 3, .groups = 1, .relu = 0,
};

/* activate_6: softmax, 3 to 3 */

void tiny_reals_run(uint8_t out[TINY_REALS_OUTPUT_SIZE], const float in[TINY_REALS_INPUT_SIZE], float arena[TINY_REALS_ARENA_SIZE])
{
    real_convolve(&(const target){.bytes = (uint8_t *)arena, .scale = 0.021662448f, .y = {.zero = 0, .low = 0, .high = 255}},
        &(const source){.floats = in}, &conv2d_1_layer);
    real_pool(&(const target){.floats = arena + 8},
        &(const source){.bytes = (uint8_t *)arena, .scale = 0.021662448f, .zero = 0}, &avg_pool_2_layer);
    real_convolve(&(const target){.bytes = (uint8_t *)arena + 12, .scale = 0.016927069f, .y = {.zero = 0, .low = 0, .high = 255}},
        &(const source){.floats = arena + 8}, &conv2d_3_layer);
    real_convolve(&(const target){.floats = arena},
        &(const source){.bytes = (uint8_t *)arena + 12, .scale = 0.016927069f, .zero = 0}, &linear_5_layer);
    real_softmax(&(const target){.bytes = out, .scale = 0.00390625f, .y = {.zero = 0, .low = 0, .high = 255}},
        &(const source){.floats = arena}, 1, 3);
}

void tiny_reals_dequantize(float r[TINY_REALS_OUTPUT_SIZE], const uint8_t q[TINY_REALS_OUTPUT_SIZE])
{
    for (int32_t i = 0; i < TINY_REALS_OUTPUT_SIZE; i++) {
        r[i] = TINY_REALS_OUTPUT_SCALE * (float)(q[i] - TINY_REALS_OUTPUT_ZERO);
    }
}

static const float pixels_mean[2] = {
    0.95955694f,  0.8135684f,
};
static const float pixels_deviation[2] = {
    1.3076732f,  1.428724f,
};

void tiny_reals_pixels(float r[TINY_REALS_INPUT_SIZE], const uint8_t image[TINY_REALS_INPUT_SIZE])
{
    for (int32_t i = 0; i < TINY_REALS_INPUT_SIZE; i++) {
        const volatile float scaled = (float)image[i] * 0.003921569f; /* volatile: rounds before the mean is taken off */

        r[i] = (scaled - pixels_mean[i % 2]) / pixels_deviation[i % 2];
    }
}

const char *const tiny_reals_classes[TINY_REALS_OUTPUT_SIZE] = {
    "class 0",
    "class 1",
    "class 2",
};
