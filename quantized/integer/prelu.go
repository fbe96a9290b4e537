package integer

import "petrify/quantized"

// prelu adds a leaky ReLU with a slope for each channel, as a table for each.
func (c *compiler) prelu(n *quantized.Node, x, y *value) {
	tables := make([]*table, len(n.Slopes))
	for k := range tables {
		tables[k] = tableOf(x.grid, y.grid, n.SlopeOf(k))
	}
	c.onBytes(y, x, func(y, x []uint8, _ int) {
		for i, q := range x {
			y[i] = tables[i%len(tables)][q]
		}
	})
}

// realPReLU is the same of real numbers.
func realPReLU(n *quantized.Node) func(y, x []float32, images int) {
	return func(y, x []float32, _ int) {
		for i, r := range x {
			if r <= 0 {
				r *= n.Slopes[i%len(n.Slopes)]
			}
			y[i] = r
		}
	}
}
