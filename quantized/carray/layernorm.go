package carray

import (
	"fmt"
	"strconv"

	"petrify/quantized"
)

// layerNorm adds a layer normalisation, in double: of integers all is exact up to the
// root, as package reference has it.
func (l *lowering) layerNorm(n *quantized.Node, id string, x, y *value) {
	l.comment(n, x, y)
	l.floats = append(l.floats, n.Name)
	epsilon := float64(n.Norm.Epsilon)
	if s, c := float64(x.grid.scale), float64(x.channels()); !x.real {
		epsilon = c * c * epsilon / (s * s)
	}
	l.array("float", id+"_gamma", 4, &l.count.multipliers, each(n.Norm.Gamma, decimal))
	l.array("float", id+"_beta", 4, &l.count.biases, each(n.Norm.Beta, decimal))
	l.layer("normalization", id, 6, fmt.Sprintf(".gamma = %[1]s_gamma, .beta = %[1]s_beta", id),
		".epsilon = "+strconv.FormatFloat(epsilon, 'e', -1, 64),
		fmt.Sprintf(".pixels = %d, .channels = %d", x.pixels(), x.channels()))
	l.realCall("layer_norm", fmt.Sprintf("layer_norm(%%s, %%s, &%s_layer)", id), y, x)
}
