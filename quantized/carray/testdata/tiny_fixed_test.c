/*
 * tiny_fixed_test.c: a quantized neural network, written by petrify.
 * Compares what tiny_fixed.c computes on this processor with what petrify computed,
 * for minimal, zero, maximal and random inputs. Exit code 0: all are equal.
 */
#include <stdio.h>

#include "tiny_fixed.h"

#define TRIES 8

static const uint8_t want[TRIES * TINY_FIXED_OUTPUT_SIZE] = {
    194, 198,  99, 135, 124, 128, 107, 142, 233, 194, 231, 202, 186, 233, 232, 136,
    200, 215, 148, 168, 222,  68, 157, 246,
};

static uint8_t in[TINY_FIXED_INPUT_SIZE];
static uint8_t out[TINY_FIXED_OUTPUT_SIZE];
static uint8_t arena[TINY_FIXED_ARENA_SIZE];

/* G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
static uint32_t state = 1;

static uint8_t random_input(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (uint8_t)(TINY_FIXED_INPUT_MIN + (state >> 8) % (TINY_FIXED_INPUT_MAX - TINY_FIXED_INPUT_MIN + 1));
}

static uint8_t input(int try)
{
    switch (try) {
    case 0:
        return TINY_FIXED_INPUT_MIN;
    case 1:
        return TINY_FIXED_INPUT_ZERO;
    case 2:
        return TINY_FIXED_INPUT_MAX;
    default:
        return random_input();
    }
}

int main(void)
{
    const uint8_t *expected = want;
    long differ = 0;

    for (int try = 0; try < TRIES; try++) {
        for (int32_t i = 0; i < TINY_FIXED_INPUT_SIZE; i++) {
            in[i] = input(try);
        }
        tiny_fixed_run(out, in, arena);
        for (int32_t i = 0; i < TINY_FIXED_OUTPUT_SIZE; i++) {
            differ += out[i] != *expected++;
        }
    }
    printf("tiny_fixed: %d inputs, %ld outputs: %ld differ\n", TRIES, (long)TRIES * TINY_FIXED_OUTPUT_SIZE, differ);
    return differ != 0;
}
