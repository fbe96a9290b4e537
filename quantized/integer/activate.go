package integer

import (
	"cmp"
	"fmt"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// table is a function of one byte.
type table [256]uint8

// newTable is the table of f.
func newTable(f func(q int32) uint8) *table {
	var t table
	for q := range t {
		t[q] = f(int32(q))
	}
	return &t
}

// tableOf is q_y = quantize(f(s_x·(q_x − z_x))) for every q_x.
func tableOf(x, y grid, f func(float32) float32) *table {
	return newTable(func(q int32) uint8 { return y.quantize(f(x.real(q))) })
}

func (t *table) apply(y, x []uint8) {
	for i, q := range x {
		y[i] = t[q]
	}
}

// activate adds a function from integers to integers.
func (c *compiler) activate(n *quantized.Node, x, y *value) error {
	if n.Func == quantized.Softmax {
		if c.options.Requantization == XNNPACK {
			c.softmaxTFLite(x, y)
		} else {
			c.softmax(x, y)
		}
		return nil
	}
	f := n.Function()
	if f == nil {
		return fmt.Errorf("%v is not a function of the engine", n.Func)
	}
	t := tableOf(x.grid, y.grid, func(r float32) float32 { return float32(f(float64(r))) })
	if c.options.Requantization == XNNPACK {
		t = cmp.Or(tableXNNPACK(n, x.grid, y.grid), t)
	}
	c.onBytes(y, x, func(y, x []uint8, _ int) { t.apply(y, x) })
	return nil
}

// softmax adds a softmax over the channels.
func (c *compiler) softmax(x, y *value) {
	g := y.grid
	k := kernel.NewSoftmax(x.channels(), x.grid.scale, g.scale, g.zero, g.min, g.max)
	c.onBytes(y, x, func(y, x []uint8, _ int) { kernel.SoftmaxBytes(y, x, k) })
}
