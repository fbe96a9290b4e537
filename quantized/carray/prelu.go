package carray

import (
	"fmt"

	"petrify/quantized"
)

// prelu adds a leaky ReLU with a slope for each channel: a table for each.
func (l *lowering) prelu(n *quantized.Node, id string, x, y *value) {
	l.comment(n, x, y)
	var all []uint8
	for k := range n.Slopes {
		f := n.SlopeOf(k)
		all = append(all, table(x.grid, y.grid, func(r float64) float64 { return float64(f(float32(r))) })...)
	}
	l.table(id+"_tables", all)
	l.call("look_up_channels", fmt.Sprintf("look_up_channels(%%s, %%s, %d, %d, %s_tables)", y.elements(), y.channels(),
		id), y.tensor, x.tensor)
}
