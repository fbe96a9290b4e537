package main

import (
	"strings"
	"testing"
)

// What instructions take, by the manuals.
func TestTiming(t *testing.T) {
	for _, c := range []struct {
		of        timing
		name, ops string
		afterLoad bool
		want      float64
	}{
		{m0plus, "adds", "r0, r0, r1", false, 1}, {m0plus, "ldrb", "r0, [r1, r2]", true, 2},
		{m0plus, "push", "{r4, r5, lr}", false, 4},
		{m4, "ldr", "r0, [r1]", false, 2}, {m4, "ldr", "r0, [r1]", true, 1}, {m4, "ldrd", "r0, r1, [r2]", false, 3},
		{m4, "smlad", "r0, r1, r2, r3", false, 1}, {m4, "smull", "r0, r1, r2, r3", false, 1},
		{m3, "mla", "r0, r1, r2, r3", false, 2},
		{m4, "ldmia.w", "r0, {r1, r2, r3}", false, 4}, {m4, "vfma.f32", "s0, s1, s2", false, 3},
		{m4, "pop", "{r4-r7, pc}", false, 6},
		{ibex, "lbu", "a0,0(a1)", false, 2}, {ibex, "mul", "a0,a0,a1", false, 3}, {ibex, "mulhu", "a0,a0,a1", false, 4},
		{ibex, "sb", "a0,0(a1)", false, 2}, {ibex, "sub", "a0,a0,a1", false, 1}, {ibex, "srai", "a0,a0,1", false, 1},
		{m4, "sbcs", "r0, r1", false, 1}, {m4, "strb", "r0, [r1]", false, 1}, {ibex, "divu", "a0,a0,a1", false, 37},
	} {
		if got := c.of.takes(instruction{name: c.name, operands: c.ops}, c.afterLoad); got != c.want {
			t.Errorf("%s %s: %v cycles, want %v", c.name, c.ops, got, c.want)
		}
	}
}

// Which instructions end a block: a function that saved one register returns with LDR.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name, ops string
		want      bool
	}{
		{"ldr", "pc, [sp], #4", true}, {"ldr", "r0, [pc, #4]", false}, {"pop", "{r4, pc}", true},
		{"pop", "{r4, r5}", false},
		{"ldmia", "sp!, {r4, pc}", true}, {"ldmia", "r0!, {r4-r7}", false}, {"bne", "10", true},
		{"bic", "r0, r1", false},
		{"bx", "lr", true}, {"cbnz", "r0, 10", true}, {"bnez", "a0,10", true}, {"ret", "", true},
		{"lw", "a0,0(a1)", false},
	} {
		if got := ends(c.name, c.ops); got != c.want {
			t.Errorf("%s %s: %v, want %v", c.name, c.ops, got, c.want)
		}
	}
}

// Blocks are followed to their jumps, layer by layer; what counts, and what a taken jump takes.
func TestFollow(t *testing.T) {
	program := map[uint64]instruction{
		0x10: {"ldrb", "r0, [r1]", 0x12, false}, 0x12: {"subs", "r2, #1", 0x14, false}, 0x14: {"bne", "10", 0x16, true},
		0x16: {"bl", "40", 0x1a, true}, 0x1a: {"adds", "r0, #1", 0x1c, false}, 0x1c: {"bl", "40", 0x20, true},
		0x40: {"bx", "lr", 0x42, true},
	}
	trace := ""
	for _, b := range []string{"10] net_run", "10] net_run", "16] net_run", "40] mcu_layer", "1a] net_run", "40] mcu_layer"} {
		trace += "Trace 0: 0x7f01 [00800408/" + strings.Replace(b, "]", "/00000110/ff000200]", 1) + "\n"
	}
	got, err := follow(strings.NewReader("noise\n"+trace), program, m4, 1024)
	if err != nil {
		t.Fatal(err)
	}
	want := []spent{{7, 2 + 1 + 1 + 2 + 2 + 1 + 1 + 1 + 2}, {2, 1 + 1 + 2}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%v, want %v", got, want)
	}
}

// A block ends with its page, and the next one begins there.
func TestFollowPages(t *testing.T) {
	program := map[uint64]instruction{0x3fe: {"adds", "r0, #1", 0x400, false}, 0x400: {"bl", "800", 0x404, true}}
	const one, two = "Trace 0: 0x7f01 [0/3fe/0/0] net_run\n", "Trace 0: 0x7f01 [0/400/0/0] net_run\n"
	const end = "Trace 0: 0x7f01 [0/800/0/0] mcu_layer\n"
	for page, trace := range map[uint64]string{1024: one + two + end, 4096: one + end} {
		got, err := follow(strings.NewReader(trace), program, m4, page)
		if err != nil || len(got) != 1 || got[0] != (spent{2, 1 + 1 + 2}) {
			t.Errorf("pages of %d bytes: %v, %v", page, got, err)
		}
	}
}
