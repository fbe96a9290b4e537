/* What a program needs of a processor without an operating system. */
#include <stdint.h>

int main(void);
void board_print(const char *text);
__attribute__((noreturn)) void board_exit(int code);
uint64_t board_ticks(void);  /* since the start */
void board_loop(uint32_t n); /* executes 6 * n instructions, and a few more */

#ifdef __riscv
#define MOVE "mv"
#else
#define MOVE "mov"
#endif

/* The stack pointer. */
static inline uint32_t *board_stack(void)
{
    uint32_t *sp;

    __asm__ volatile(MOVE " %0, sp" : "=r"(sp));
    return sp;
}
