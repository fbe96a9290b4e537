package coreml

import "petrify/quantized"

// prelu is the sum of what is above 0 and of slopes times what is below.
func (b *builder) prelu(n *quantized.Node, x []string) []param {
	name, t := EncodeName(n.Name), b.shape(b.float, &n.Output)
	shape, slopes := []int{1, len(n.Slopes)}, make([]float64, len(n.Slopes))
	for range n.Output.Shape[1:] {
		shape = append(shape, 1)
	}
	for i, s := range n.Slopes {
		slopes[i] = float64(s)
	}
	above := b.emit("relu", b.fresh(name+"_above"), t, param{"x", x[0]})
	below := b.emit("minimum", b.fresh(name+"_below"), t, param{"x", x[0]}, param{"y", b.scalar("0", 0)})
	below = b.emit("mul", b.fresh(name+"_sloping"), t, param{"x", below},
		param{"y", b.store("slopes", b.float, shape, slopes)})
	return []param{{"x", above}, {"y", below}}
}
