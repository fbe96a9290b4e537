package main

import "strings"

// timing is a model of a core's cycles without wait states: of its manual's, those that matter here.
// An instruction that it does not name takes one cycle. Where a manual gives a range, it is the middle.
type timing struct {
	load, store float64
	pipelined   float64 // a load after another
	taken, call float64 // jumps
	multiply    float64 // to 32 bits
	accumulate  float64 // the same, added
	long        float64 // to 64 bits
	divide      float64
	fused       float64 // of floats: multiplied and added
	quotient    float64 // of floats
}

// The timings of Arm's technical reference manuals (DDI 0484, of a processor with the fast multiplier; DDI 0337;
// DDI 0439), and of Ibex with its default multiplier (its documentation, "Pipeline Details"). Arm publishes none
// of Cortex-M7 and M55, which execute two instructions at once.
var (
	m0plus = timing{load: 2, store: 2, pipelined: 2, taken: 2, call: 3, multiply: 1}
	m3     = timing{load: 2, store: 1, pipelined: 1, taken: 3, call: 3, multiply: 1, accumulate: 2, long: 4, divide: 7}
	m4     = timing{load: 2, store: 1, pipelined: 1, taken: 3, call: 3, multiply: 1, accumulate: 1, long: 1, divide: 7,
		fused: 3, quotient: 14}
	ibex = timing{load: 2, store: 2, pipelined: 2, taken: 3, call: 2, multiply: 3, accumulate: 3, long: 4, divide: 37}
)

// takes is the cycles of an instruction that does not jump, perhaps after a load.
func (t timing) takes(i instruction, afterLoad bool) float64 {
	has := func(names ...string) bool {
		for _, n := range names {
			if strings.HasPrefix(i.name, n) {
				return true
			}
		}
		return false
	}
	registers := func() float64 {
		n := float64(strings.Count(i.operands, ",") + 1)
		for _, r := range strings.Split(i.operands, ",") { // r4-r7
			if first, last, ok := strings.Cut(r, "-"); ok {
				n += span(first, last)
			}
		}
		return n
	}
	switch {
	case has("push", "pop", "vpush", "vpop"):
		return 1 + registers()
	case has("ldm", "stm", "vldm", "vstm"):
		return registers() // with the address
	case has("ldrd", "strd"):
		return 3
	case has("ldr") && afterLoad:
		return t.pipelined
	case has("ldr", "vldr", "lw", "lb", "lh"):
		return t.load
	case has("str", "vstr", "sw", "sb", "sh") && !has("shr", "sbc", "sbf"):
		return t.store
	case has("mla", "mls"):
		return t.accumulate
	case has("smull", "umull", "smlal", "umlal", "mulh"):
		return t.long
	case has("mul"):
		return t.multiply
	case has("sdiv", "udiv", "div", "rem"):
		return t.divide
	case has("vdiv", "vsqrt"):
		return t.quotient
	case has("vfma", "vfms", "vmla", "vmls", "vnmla", "vnmls"):
		return t.fused
	}
	return 1
}

// jumps is what a jump takes more than one cycle, if it is taken.
func (t timing) jumps(i instruction) float64 {
	switch i.name {
	case "bl", "blx", "jal", "jalr", "j", "jr", "ret":
		return t.call - 1
	}
	return t.taken - 1
}

// span is how many registers follow the first one of a range.
func span(first, last string) float64 {
	digits := func(s string) (n float64) {
		for _, c := range strings.Trim(s, "{} rds") {
			n = 10*n + float64(c-'0')
		}
		return n
	}
	return max(0, digits(last)-digits(first))
}
