/*
 * Runs a network on inputs of its own test, compares the outputs with those in that test, and counts.
 * Every line that it prints is a word and a number.
 */
#include "board.h"

#define main net_test
#include "net_test.c"
#undef main

#define LAYERS 256 /* at most */
#define PAINT 0xA5C3F00Du

extern uint32_t stack[];

static uint64_t marks[LAYERS];
static uint32_t mark;
static uint32_t stack_used;

/* Called after each layer, if the tool has put such calls into net_run. */
void mcu_layer(void);
void mcu_layer(void)
{
    if (mark < LAYERS - 1) {
        marks[++mark] = board_ticks();
    }
}

static void say(const char *word, uint64_t number)
{
    uint32_t n = (uint32_t)number;
    char text[12];
    char *at = text + sizeof text - 1;

    *at = 0;
    *--at = '\n';
    do {
        *--at = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    *--at = ' ';
    board_print(word);
    board_print(at);
}

static void feed(int try)
{
    for (int32_t i = 0; i < NET_INPUT_SIZE; i++) {
        in[i] = input(try);
    }
}

/* Runs the network on a painted stack, to see how much of it is written below this function's own. */
static __attribute__((noinline)) void run_on_paint(void)
{
    const uint32_t *top = board_stack();
    volatile uint32_t *at;

    for (at = stack; at < top; at++) {
        *at = PAINT;
    }
    net_run(out, in, arena);
    for (at = stack; *at == PAINT; at++) {
    }
    stack_used = (uint32_t)((uintptr_t)top - (uintptr_t)at);
}

static uint32_t differing(int try)
{
    uint32_t n = 0;

    for (int32_t i = 0; i < NET_OUTPUT_SIZE; i++) {
        n += out[i] != want[try * NET_OUTPUT_SIZE + i];
    }
    return n;
}

int main(void)
{
    uint32_t differ = 0;
    uint64_t before = board_ticks();
    uint64_t idle;

    board_loop(LOOP);
    say("loop", board_ticks() - before);
    for (int try = 0; try < INPUTS - 1; try++) {
        feed(try);
        run_on_paint();
        differ += differing(try);
    }
    feed(INPUTS - 1);
    before = board_ticks();
    idle = board_ticks() - before;
    mark = 0;
    marks[0] = before = board_ticks();
    net_run(out, in, arena);
    say("run", board_ticks() - before - idle);
    say("differ", differ + differing(INPUTS - 1));
    say("stack", stack_used);
    for (uint32_t i = 0; i < mark; i++) {
        say("layer", marks[i + 1] - marks[i] - idle);
    }
    return 0;
}
