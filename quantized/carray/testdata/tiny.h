/*
 * tiny.h: a quantized neural network, written by petrify.
 *
 * Model   tiny on random, ptq, seed 1
 * Input   uint8_t[16]: 4 x 4 x 1, row by row, channels last
 *         real = 0.017070241 * (q - 128), 0 <= q <= 255
 *         real = (value * 0.003921569 - mean) / deviation; mean 0.8076733; deviation 1.3135684
 * Output  uint8_t[3]: 3
 *         real = 0.06434864 * (q - 128), 0 <= q <= 255
 * Flash   522 bytes of constants: weights 50, biases 20, multipliers 20, tables 256, layers 176
 * RAM     50 bytes of arena, besides input, output and stack
 *         140 on Cortex-M4, M7 and others that compute four places at once
 * Sums    int32, of which none overflows, rescaled by one float32 product, half to even: the arithmetic of training
 *
 * Facts:
 *   "board": "\u002a/ a \"test\" /\u002a"
 *   "export": "{\"name\":\"tiny\",\"requantization\":\"float32\"}"
 *   "model.json.sha256": "43dfad4c475cc945bf4a514423b7ca2957f771d345986bc182a94ae439f853bd"
 *   "model.safetensors.sha256": "81ed52869918f8f0481a5e4504aa79b75109d4159809419e6b1325939266b34d"
 *   "version": "test"
 */
#ifndef TINY_H
#define TINY_H

#include <stdint.h>

#define TINY_INPUT_SIZE      16
#define TINY_INPUT_HEIGHT    4
#define TINY_INPUT_WIDTH     4
#define TINY_INPUT_CHANNELS  1
#define TINY_INPUT_SCALE     0.017070241f
#define TINY_INPUT_ZERO      128
#define TINY_INPUT_MIN       0
#define TINY_INPUT_MAX       255
#define TINY_OUTPUT_SIZE     3
#define TINY_OUTPUT_SCALE    0.06434864f
#define TINY_OUTPUT_ZERO     128
#define TINY_OUTPUT_MIN      0
#define TINY_OUTPUT_MAX      255
#if defined(__ARM_FEATURE_DSP) && (!defined(__ARM_FEATURE_MVE) || (__ARM_FEATURE_MVE & 2) == 0)
#define TINY_ARENA_SIZE      140
#else
#define TINY_ARENA_SIZE      50
#endif
#define TINY_EXPORT          0xda52d6a6 /* of the source that belongs to this header */

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Computes the output for one input. Each number of the input is from TINY_INPUT_MIN
 * to TINY_INPUT_MAX; input and output do not overlap. What the arena holds has no
 * meaning before and after: calls one after the other may share it.
 */
void tiny_run(uint8_t out[TINY_OUTPUT_SIZE], const uint8_t in[TINY_INPUT_SIZE], uint8_t arena[TINY_ARENA_SIZE]);

/* The input for real numbers, normalised as above. */
void tiny_quantize(uint8_t q[TINY_INPUT_SIZE], const float r[TINY_INPUT_SIZE]);

/* The real numbers of an output. */
void tiny_dequantize(float r[TINY_OUTPUT_SIZE], const uint8_t q[TINY_OUTPUT_SIZE]);

/* The input for an image of bytes, normalised and quantized by a table. q may be the image. */
void tiny_pixels(uint8_t q[TINY_INPUT_SIZE], const uint8_t image[TINY_INPUT_SIZE]);

/* The class of each output. */
extern const char *const tiny_classes[TINY_OUTPUT_SIZE];

#ifdef __cplusplus
}
#endif

#endif
