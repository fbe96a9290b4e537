package carray

import (
	"fmt"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// attention adds products of two activations in each head of an attention.
func (l *lowering) attention(n *quantized.Node, id string, a, b, y *value) error {
	p, factor := kernel.Values(a.shape[1], a.shape[2], b.shape[2], b.channels()), float32(1)
	if n.Op == quantized.AttentionScores {
		p, factor = kernel.Scores(n.Heads, a.shape[2], b.shape[2], a.channels()), n.Factor
	}
	l.comment(n, a, y)
	strides := func(s kernel.Strides) string {
		return fmt.Sprintf("{.head = %d, .row = %d, .column = %d}", s.Head, s.Row, s.Column)
	}
	at := fmt.Sprintf(".at = {\n\t\t.heads = %d, .rows = %d, .columns = %d, .terms = %d,\n\t\t.a = %s,\n\t\t.b = %s,"+
		"\n\t\t.y = %s,\n\t}", p.Heads, p.M, p.N, p.K, strides(p.A), strides(p.B), strides(p.Y))
	if a.real || b.real || y.real {
		l.floats = append(l.floats, n.Name)
		l.layer("real_attention", id, 15, at, fmt.Sprintf(".factor = %s, .relu = %d", decimal(factor), relu(n.Func)))
		l.realCall("real_attend", fmt.Sprintf("real_attend(%%s, %%s, %%s, &%s_layer)", id), y, a, b)
		return nil
	}
	scale := a.grid.scale * factor
	m := float32(scale*b.grid.scale) / y.grid.scale
	if !(m < 0x1p100) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want a quotient below 2¹⁰⁰", scale, b.grid.scale,
			y.grid.scale)
	}
	multiplier, words := decimal(m), 19
	if !l.float32() {
		multiplier = l.fixed(float64(scale) * float64(b.grid.scale) / float64(y.grid.scale))
		words++
	}
	l.layer("attention", id, words, at, ".m = "+multiplier,
		fmt.Sprintf(".a_zero = %d, .b_zero = %d", a.grid.zero, b.grid.zero), gridField(y.grid))
	l.call("attend", fmt.Sprintf("attend(%%s, %%s, %%s, &%s_layer)", id), y.tensor, a.tensor, b.tensor)
	return nil
}
