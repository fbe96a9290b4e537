/* A RISC-V processor from reset to main, its counter and its console. */
#include "board.h"

__asm__(".option arch, +zicsr");

/* RISC-V Semihosting: the operations are Arm's. */
static int32_t host(int32_t operation, const void *block)
{
    register int32_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = block;

    __asm__ volatile(".option push\n\t.option norvc\n\t.balign 16\n\t"
                     "slli zero, zero, 0x1f\n\tebreak\n\tsrai zero, zero, 7\n\t.option pop"
                     : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}

void board_print(const char *text) { host(4, text); }

void board_exit(int code)
{
    const uint32_t block[2] = {0x20026, (uint32_t)code};

    host(0x20, block);
    for (;;) {
    }
}

uint64_t board_ticks(void)
{
    uint32_t high, low, again;

    do {
        __asm__ volatile("csrr %0, minstreth\n\tcsrr %1, minstret\n\tcsrr %2, minstreth"
                         : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}

__attribute__((used, noreturn)) static void begin(void) { board_exit(main()); }

__attribute__((used, noreturn, aligned(4))) static void fault(void)
{
    board_print("fault 1\n");
    board_exit(3);
}

static uint32_t thread[64]; /* what the C library keeps for a thread */

__attribute__((section(".vectors"), used, naked)) void reset(void)
{
    __asm__ volatile("la sp, stack_top\n\tla tp, %0\n\tla t0, fault\n\tcsrw mtvec, t0\n\tj begin" : : "i"(thread));
}

/* A loop of six instructions. */
__attribute__((noinline)) void board_loop(uint32_t n)
{
    __asm__ volatile("1: nop\n\tnop\n\tnop\n\tnop\n\taddi %0, %0, -1\n\tbnez %0, 1b" : "+r"(n));
}
