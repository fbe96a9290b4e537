package integer

import (
	"fmt"
	"math"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// attention adds products of two activations in each head of an attention: of integers
// as in a convolution, where all are quantized.
func (c *compiler) attention(n *quantized.Node, a, b, y *value) error {
	p, factor := kernel.Values(a.shape[1], a.shape[2], b.shape[2], b.channels()), float32(1)
	if n.Op == quantized.AttentionScores {
		p, factor = kernel.Scores(n.Heads, a.shape[2], b.shape[2], a.channels()), n.Factor
	}
	if a.bytes == nil || b.bytes == nil || y.bytes == nil {
		xs := []*tensor{c.real(a), c.real(b)}
		out, finish := c.result(y)
		c.add(func(m *memory, images int, _ *kernel.Scratch) {
			p.Reals(m.floats(out, images), m.floats(xs[0], images), m.floats(xs[1], images), factor, images)
			fuse(m.floats(out, images), n.Func)
		}, append(xs, out)...)
		finish()
		return nil
	}
	scale := a.grid.scale * factor
	m := float32(scale*b.grid.scale) / y.grid.scale
	if !(m <= math.MaxFloat32) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want a finite quotient", scale, b.grid.scale,
			y.grid.scale)
	}
	rescale := func(p int32) float64 { return math.RoundToEven(float64(float32(p) * m)) }
	if how := c.options.Requantization; how.fixedPoint() {
		multiply, fixed := how.multiply(), NewFixed(float64(scale)*float64(b.grid.scale)/float64(y.grid.scale))
		rescale = func(p int32) float64 { return float64(multiply(fixed, p)) }
	}
	acc := c.tensor(ints, y.elements())
	c.add(func(m *memory, images int, _ *kernel.Scratch) {
		sums, out := m.ints(acc, images), m.bytes(y.bytes, images)
		p.Bytes(sums, a.images(m, images), b.images(m, images), images)
		for i, sum := range sums {
			out[i] = clip(rescale(sum)+float64(y.grid.zero), y.grid)
		}
	}, a.bytes, b.bytes, acc, y.bytes)
	return nil
}
