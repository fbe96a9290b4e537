/*
 * tiny_reals.h: a quantized neural network, written by petrify.
 *
 * Model   tiny on random, ptq, seed 1
 * Input   float[32]: 4 x 4 x 2, row by row, channels last
 *         real = (value * 0.003921569 - mean) / deviation; mean 0.95955694 0.8135684; deviation 1.3076732 1.428724
 * Output  uint8_t[3]: 3
 *         real = 0.00390625 * (q - 0), 0 <= q <= 255
 * Flash   466 bytes of constants: weights 50, biases 24, multipliers 72, tables 0, layers 320
 * RAM     64 bytes of arena, besides input, output and stack
 * Floats  in conv2d_1, avg_pool_2, conv2d_3, linear_5, activate_6
 * Doubles for the sums of products of floats
 * Library functions of C's math.h, such as exp and sqrt, in double
 *
 * Facts:
 *   "board": "\u002a/ a \"test\" /\u002a"
 *   "export": "{\"name\":\"tiny_reals\",\"requantization\":\"single\"}"
 *   "model.json.sha256": "da650fd0c04fed0d55aa70d0201815202151918fd49732ed121163d94bbe4022"
 *   "model.safetensors.sha256": "ef92a531122c82de24b1d0ec7f1d94063b9189199d1e01677974d205a1406ac4"
 *   "version": "test"
 */
#ifndef TINY_REALS_H
#define TINY_REALS_H

#include <stdint.h>

#define TINY_REALS_INPUT_SIZE      32
#define TINY_REALS_INPUT_HEIGHT    4
#define TINY_REALS_INPUT_WIDTH     4
#define TINY_REALS_INPUT_CHANNELS  2
#define TINY_REALS_OUTPUT_SIZE     3
#define TINY_REALS_OUTPUT_SCALE    0.00390625f
#define TINY_REALS_OUTPUT_ZERO     0
#define TINY_REALS_OUTPUT_MIN      0
#define TINY_REALS_OUTPUT_MAX      255
#define TINY_REALS_ARENA_SIZE      16
#define TINY_REALS_EXPORT          0xc3002573 /* of the source that belongs to this header */

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Computes the output for one input. Input and output do not overlap. What the arena holds has no
 * meaning before and after: calls one after the other may share it.
 */
void tiny_reals_run(uint8_t out[TINY_REALS_OUTPUT_SIZE], const float in[TINY_REALS_INPUT_SIZE], float arena[TINY_REALS_ARENA_SIZE]);

/* The real numbers of an output. */
void tiny_reals_dequantize(float r[TINY_REALS_OUTPUT_SIZE], const uint8_t q[TINY_REALS_OUTPUT_SIZE]);

/* The input for an image of bytes, normalised. */
void tiny_reals_pixels(float r[TINY_REALS_INPUT_SIZE], const uint8_t image[TINY_REALS_INPUT_SIZE]);

/* The class of each output. */
extern const char *const tiny_reals_classes[TINY_REALS_OUTPUT_SIZE];

#ifdef __cplusplus
}
#endif

#endif
