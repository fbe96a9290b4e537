#if FOUR_PLACES
/*
 * The sums of two outputs at four places: four numbers that the sums of an output begin with, then those of
 * one output, then of the other. They are of n products of inputs, as widen leaves them, and of weights that
 * are {{.Format}}, as in dot{{.Bits}}. That takes every register; compilers keep half of the sums in memory.
 */
static NOINLINE void dots_wide{{.Bits}}(uint32_t sums[12], const uint8_t *x, const uint8_t *w, int32_t n)
{
    register uint32_t *r0 __asm__("r0") = sums;
    register const uint8_t *r1 __asm__("r1") = x;
    register const uint8_t *r2 __asm__("r2") = w;
    register int32_t r3 __asm__("r3") = n;

#define MULTIPLY /* inputs of four places by the weights in r0 and r12 */ \
    "ldrd r3, lr, [r1], #8\n\t" \
    "smlad r4, r3, r0, r4\n\t" \
    "smlad r5, lr, r0, r5\n\t" \
    "smlad r8, r3, r12, r8\n\t" \
    "smlad r9, lr, r12, r9\n\t" \
    "ldrd r3, lr, [r1], #8\n\t" \
    "smlad r6, r3, r0, r6\n\t" \
    "smlad r7, lr, r0, r7\n\t" \
    "smlad r10, r3, r12, r10\n\t" \
    "smlad r11, lr, r12, r11\n\t"
    __asm__ volatile(
        "push {r4-r11}\n\t"
        "and lr, r3, #3\n\t"
        "bic r3, r3, #3\n\t"
        "add r3, r1, r3, lsl #3\n\t" /* where inputs in fours end */
        "add r12, r3, lr, lsl #4\n\t" /* where all end */
        "ldmia r0!, {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "push {r0, r3, r12}\n\t"
        "cmp r1, r3\n\t"
        "beq 2f\n"
        "1:\n\t"
{{- range .First}}
        "{{.}}\n\t"
{{- end}}
        MULTIPLY
{{- range .Second}}
        "{{.}}\n\t"
{{- end}}
        MULTIPLY
        "ldr r3, [sp, #4]\n\t"
        "cmp r1, r3\n\t"
        "bne 1b\n"
        "2:\n\t"
        "ldr r3, [sp, #8]\n\t"
        "cmp r1, r3\n\t"
        "beq 3f\n\t"
{{- range .Single}}
        "{{.}}\n\t"
{{- end}}
        MULTIPLY
        "b 2b\n"
        "3:\n\t"
        "pop {r0, r3, r12}\n\t"
        "stmia r0, {r4-r11}\n\t"
        "pop {r4-r11}"
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
        :
        : "r12", "lr", "cc", "memory");
#undef MULTIPLY
}
#endif
