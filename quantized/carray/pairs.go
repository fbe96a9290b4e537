package carray

import (
	"fmt"

	"petrify/quantized"
)

// difference adds a difference of two activations, the second perhaps of one number for
// each channel. In floats it is that of real numbers, in fixed point as a sum.
func (l *lowering) difference(n *quantized.Node, id string, a, b, y *value) error {
	if most := max(a.grid.scale, b.grid.scale) / y.grid.scale; !(most < 0x1p100) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want quotients below 2¹⁰⁰", a.grid.scale,
			b.grid.scale, y.grid.scale)
	}
	l.comment(n, a, y)
	zeros := fmt.Sprintf(".a_zero = %d, .b_zero = %d", a.grid.zero, b.grid.zero)
	kernel := "difference_float32"
	if l.float32() {
		l.layer("difference", id, 8, ".a = "+decimal(a.grid.scale), ".b = "+decimal(b.grid.scale),
			".out_scale = "+decimal(y.grid.scale), zeros, gridField(y.grid))
	} else {
		kernel = "difference_fixed"
		twice := 2 * max(float64(a.grid.scale), float64(b.grid.scale))
		l.layer("difference", id, 11,
			".a = "+l.fixed(float64(a.grid.scale)/twice),
			".b = "+l.fixed(float64(b.grid.scale)/twice),
			".sum = "+l.fixed(twice/(float64(1<<20)*float64(y.grid.scale))), zeros, gridField(y.grid))
	}
	l.call(kernel, fmt.Sprintf("subtract(%%s, %%s, %%s, %d, %d, &%s_layer)", y.elements(), b.elements(), id),
		y.tensor, a.tensor, b.tensor)
	return nil
}

// choose adds the greater or the less of two activations, each of which passes through a
// table if it is on another grid than the output.
func (l *lowering) choose(n *quantized.Node, id string, a, b, y *value) {
	l.comment(n, a, y)
	named := [2]string{"0", "0"}
	for i, x := range []*value{a, b} {
		if !x.grid.within(y.grid) {
			named[i] = fmt.Sprintf("%s_%d_table", id, i+1)
			l.table(named[i], table(x.grid, y.grid, func(r float64) float64 { return r }))
		}
	}
	greater := 0
	if n.Op == quantized.Max {
		greater = 1
	}
	l.call("choose", fmt.Sprintf("choose(%%s, %%s, %%s, %d, %d, %d, %s, %s)", y.elements(), b.elements(), greater,
		named[0], named[1]), y.tensor, a.tensor, b.tensor)
}
