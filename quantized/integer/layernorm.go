package integer

import (
	"petrify/internal/kernel"
	"petrify/quantized"
)

// layerNorm adds a layer normalisation, whose real numbers are then quantized if the
// output is.
func (c *compiler) layerNorm(n *quantized.Node, x, y *value) {
	k := kernel.LayerNorm{Gamma: n.Norm.Gamma, Beta: n.Norm.Beta, Epsilon: float64(n.Norm.Epsilon)}
	out, finish := c.result(y)
	if x.bytes == nil {
		c.onFloats(out, x.floats, func(y, x []float32, _ int) { k.Forward(y, x) })
	} else {
		c.add(func(m *memory, n int, _ *kernel.Scratch) {
			k.ForwardBytes(m.floats(out, n), m.bytes(x.bytes, n), x.grid.kernel())
		}, x.bytes, out)
	}
	finish()
}
