package carray

import (
	"fmt"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// add adds a sum or a difference of two activations, the second perhaps of one number for each
// channel: in any arithmetic the plane that is equal to the engine for each pair of bytes.
func (l *lowering) add(n *quantized.Node, id string, a, b, y *value) error {
	ra, rb := a.grid.scale/y.grid.scale, b.grid.scale/y.grid.scale
	if most := max(ra, rb); !(most < 0x1p100) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want quotients below 2¹⁰⁰", a.grid.scale,
			b.grid.scale, y.grid.scale)
	}
	f, out, err := l.pairwise(n, a, b, y)
	if err != nil {
		return err
	}
	l.comment(n, a, y)
	p := f.plane()
	l.great = l.great || p.shift == 0 // a sum may be near the limits of int32_t
	fields := []string{fmt.Sprintf(".a = %d, .b = %d, .constant = %d, .shift = %d", p.a, p.b, p.constant, p.shift)}
	if p.ties != 0 {
		l.ties = true
		fields = append(fields, fmt.Sprintf(".ties = %d", p.ties))
	}
	if len(p.exceptions) > 0 {
		l.exceptions = true
		var pairs []uint16
		var sums []uint8
		for _, q := range p.exceptions {
			pairs, sums = append(pairs, uint16(q)), append(sums, uint8(f.of[q]+int64(out.zero)))
		}
		l.array("uint16_t", id+"_pairs", 2, &l.count.tables, each(pairs, whole))
		l.array("uint8_t", id+"_sums", 1, &l.count.tables, each(sums, whole))
		fields = append(fields, fmt.Sprintf(".pairs = %[1]s_pairs, .sums = %[1]s_sums, .exceptions = %[2]d", id,
			len(pairs)))
	}
	l.additions++
	l.layer("addition", id, 7, append(fields, gridField(out))...)
	l.call("add", fmt.Sprintf("add(%%s, %%s, %%s, %d, %d, &%s_layer)", y.elements(), b.elements(), id), y.tensor,
		a.tensor, b.tensor)
	return nil
}

// pairwise is a sum or a difference as the engine computes it, less the zero of a grid. A sum in
// float32 adds the zero point of y before it rounds, so that this decides which numbers are even.
func (l *lowering) pairwise(n *quantized.Node, a, b, y *value) (*pairwise, grid, error) {
	var quants [2]quantized.Quant
	for i, name := range n.Inputs {
		x, _ := l.model.Activation(name)
		quants[i] = x.Quant
	}
	pair, err := integer.Pair(n, quants[0], quants[1], l.options.Requantization)
	if err != nil {
		return nil, grid{}, err
	}
	out, zero := y.grid, float64(0)
	f := &pairwise{ra: float64(a.grid.scale) / float64(y.grid.scale), rb: float64(b.grid.scale) / float64(y.grid.scale)}
	switch {
	case n.Op == quantized.Sub:
		f.rb = -f.rb
	case l.float32():
		out.zero, zero = 0, float64(y.grid.zero)
	}
	f.rest = zero - f.ra*float64(a.grid.zero) - f.rb*float64(b.grid.zero)
	switch l.options.Requantization {
	case integer.Float32:
		f.ties = 1
	case integer.Gemmlowp:
		f.ties = -1
	}
	f.low, f.high = int64(out.min-out.zero), int64(out.max-out.zero)
	f.pairs = make([]int, 0, int(a.grid.max-a.grid.min+1)*int(b.grid.max-b.grid.min+1))
	for i := a.grid.min; i <= a.grid.max; i++ {
		for j := b.grid.min; j <= b.grid.max; j++ {
			q := int(i<<8 | j)
			f.pairs = append(f.pairs, q)
			f.of[q] = int64(pair(uint8(i), uint8(j))) - int64(out.zero)
		}
	}
	return f, out, nil
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
