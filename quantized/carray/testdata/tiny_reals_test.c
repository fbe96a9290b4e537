/*
 * tiny_reals_test.c: a quantized neural network, written by petrify.
 * Compares what tiny_reals.c computes on this processor with what petrify computed,
 * for minimal, zero, maximal and random inputs. Exit code 0: all are equal.
 */
#include <stdio.h>

#include "tiny_reals.h"

#define TRIES 8

static const uint8_t want[TRIES * TINY_REALS_OUTPUT_SIZE] = {
    104,  86,  66,  88,  93,  76, 105,  85,  66,  92,  93,  71,  92,  94,  70,  91,
     93,  72,  77,  97,  81,  84, 102,  70,
};

static float in[TINY_REALS_INPUT_SIZE];
static uint8_t out[TINY_REALS_OUTPUT_SIZE];
static float arena[TINY_REALS_ARENA_SIZE];

/* G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
static uint32_t state = 1;

static float random_input(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (float)((int32_t)((state >> 8) % 256) - 128) / 64.0f;
}

static float input(int try)
{
    switch (try) {
    case 0:
        return -2.0f;
    case 1:
        return 0.0f;
    case 2:
        return 127.0f / 64.0f;
    default:
        return random_input();
    }
}

int main(void)
{
    const uint8_t *expected = want;
    long differ = 0;

    for (int try = 0; try < TRIES; try++) {
        for (int32_t i = 0; i < TINY_REALS_INPUT_SIZE; i++) {
            in[i] = input(try);
        }
        tiny_reals_run(out, in, arena);
        for (int32_t i = 0; i < TINY_REALS_OUTPUT_SIZE; i++) {
            differ += out[i] != *expected++;
        }
    }
    printf("tiny_reals: %d inputs, %ld outputs: %ld differ\n", TRIES, (long)TRIES * TINY_REALS_OUTPUT_SIZE, differ);
    return differ != 0;
}
