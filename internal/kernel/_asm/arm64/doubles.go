package main

import "strings"

// doubleKernels compute in float64.
var doubleKernels = []elementwise{
	{
		name: "expNEON", doc: "exponentialsGeneric, of x − top from −690 to 0; k is top and the terms of Exp", wide: true,
		slices: []slice{out("e").of("float64"), in("x")}, constants: []string{"top", "log2e", "high", "low"},
		before: widen("x"),
		code: `
			fsub   x.2d, x.2d, top.2d
			fmul   n.2d, x.2d, log2e.2d
			frintn n.2d, n.2d
			fmul   t.2d, n.2d, high.2d
			fsub   x.2d, x.2d, t.2d
			fmul   t.2d, n.2d, low.2d
			fsub   r.2d, x.2d, t.2d
			fsub   x.2d, x.2d, r.2d
			fsub   x.2d, x.2d, t.2d
			fmul   t.2d, r.2d, r.2d
			next c.2d
			fmul   e.2d, t.2d, c.2d
			next c.2d
			fmul   odd.2d, t.2d, c.2d
			next c.2d
			fadd   e.2d, e.2d, c.2d
			next c.2d
			fadd   odd.2d, odd.2d, c.2d` + strings.Repeat(`
			fmul   e.2d, e.2d, t.2d
			next c.2d
			fadd   e.2d, e.2d, c.2d
			fmul   odd.2d, odd.2d, t.2d
			next c.2d
			fadd   odd.2d, odd.2d, c.2d`, 4) + `
			fmul   e.2d, e.2d, t.2d
			next c.2d
			fadd   e.2d, e.2d, c.2d
			fmul   odd.2d, odd.2d, r.2d
			fadd   e.2d, e.2d, odd.2d
			fmul   e.2d, e.2d, t.2d
			fadd   e.2d, e.2d, x.2d
			fadd   e.2d, e.2d, r.2d
			next c.2d
			fadd   e.2d, e.2d, c.2d
			next c.2d
			fadd   n.2d, n.2d, c.2d
			fcvtns n.2d, n.2d
			shl    n.2d, n.2d, #52
			fmul   e.2d, e.2d, n.2d`,
	},
	{
		name: "normaliseNEON", doc: "normaliseGeneric; k is the mean and f", wide: true,
		slices: []slice{out("y"), in("x"), in("gamma"), in("beta")}, constants: []string{"mean", "f"},
		before: widen("x") + widen("gamma") + widen("beta"),
		code: `
			fsub y.2d, x.2d, mean.2d
			fmul y.2d, y.2d, f.2d
			fmul y.2d, y.2d, gamma.2d
			fadd y.2d, y.2d, beta.2d`,
		after: `
			fcvtn  y@0.2s, y@0.2d
			fcvtn2 y@0.4s, y@1.2d
			fcvtn  y@1.2s, y@2.2d
			fcvtn2 y@1.4s, y@3.2d`,
	},
}

// widen makes the float32 in the first two vectors of a slice float64 in all four.
func widen(name string) string {
	return strings.ReplaceAll(`
		fcvtl2 x@3.2d, x@1.4s
		fcvtl  x@2.2d, x@1.2s
		fcvtl2 x@1.2d, x@0.4s
		fcvtl  x@0.2d, x@0.2s
	`, "x@", name+"@")
}
