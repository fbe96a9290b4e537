/*
 * A Cortex-M processor from reset to main, its counter and its console. QEMU loads the program
 * into RAM, so nothing is copied.
 */
#include "board.h"

extern uint32_t stack_top[];

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYSTICK_CONTROL REGISTER(0xE000E010)
#define SYSTICK_RELOAD REGISTER(0xE000E014)
#define SYSTICK_VALUE REGISTER(0xE000E018)
#define COPROCESSOR_ACCESS REGISTER(0xE000ED88)

#define TICKS 0x1000000u /* in which the counter goes round */

static volatile uint32_t rounds;

static void systick(void) { rounds++; }

/* ARM Semihosting, IHI 0092. */
static int32_t host(int32_t operation, const void *block)
{
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
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
    uint32_t before, value;

    do {
        before = rounds;
        value = SYSTICK_VALUE;
    } while (before != rounds);
    return (uint64_t)before * TICKS + (TICKS - 1 - value);
}

static void fault(void)
{
    board_print("fault 1\n");
    board_exit(3);
}

static void reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    COPROCESSOR_ACCESS |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    SYSTICK_RELOAD = TICKS - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7; /* the processor's clock, with interrupts */
    board_exit(main());
}

/* ARM DDI 0403, section B1.5.2: the first stack pointer, and what handles exceptions 1 to 15. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, systick},
};

/* A loop of six instructions. */
__attribute__((noinline)) void board_loop(uint32_t n)
{
    __asm__ volatile(".syntax unified\n1: nop\n\tnop\n\tnop\n\tnop\n\tsubs %0, #1\n\tbne 1b" : "+l"(n) : : "cc");
}
