package coreml

import (
	"slices"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// part takes a part of the channels, rows and columns.
func part(_ *builder, n *quantized.Node, x []string) []param {
	begin, size := append([]int{0}, n.Begin...), append([]int{1}, n.Output.Shape...)
	return []param{{"x", x[0]}, {"begin", mil.IntsValue(begin...)}, {"size", mil.IntsValue(size...)}}
}

// frame puts a constant around the input, in the layer's units.
func (b *builder) frame(n *quantized.Node, x []string) []param {
	in, pads := b.tensors[n.Inputs[0]].Shape, []int{0, 0}
	for i, begin := range n.Begin {
		pads = append(pads, begin, n.Output.Shape[i]-begin-in[i])
	}
	value := float64(n.Value)
	if q := n.Output.Quant; !q.IsFloat() {
		value = b.units.in[0] * float64(n.PaddingInteger()-q.Zero)
	}
	return []param{{"x", x[0]}, {"pad", mil.IntsValue(pads...)}, {"mode", mil.StringValue("constant")},
		{"constant_val", b.scalar("value", value)}}
}

// shuffle reads the channels as groups × channels of a group, and transposes these; the
// reshape after that is the layer's own.
func (b *builder) shuffle(n *quantized.Node, x []string) []param {
	name, shape := EncodeName(n.Name), n.Output.Shape
	apart := append([]int{1, n.Groups, shape[0] / n.Groups}, shape[1:]...)
	y := b.emit("reshape", b.fresh(name+"_grouped"), mil.TensorOf(b.float, apart...), param{"x", x[0]},
		param{"shape", mil.IntsValue(apart...)})
	apart = slices.Clone(apart) // the type holds the other
	apart[1], apart[2] = apart[2], apart[1]
	perm := []int{0, 2, 1}
	for i := range shape[1:] {
		perm = append(perm, 3+i)
	}
	y = b.emit("transpose", b.fresh(name+"_shuffled"), mil.TensorOf(b.float, apart...), param{"x", y},
		param{"perm", mil.IntsValue(perm...)})
	return reshape(b, n, []string{y})
}
