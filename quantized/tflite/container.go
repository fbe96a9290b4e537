package tflite

import (
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// The integers of activations in a file.
const (
	qmin = -128
	qmax = 127
)

// shift is added to the model's integers and to their zero point in the file.
// The greatest integer of every format becomes 127, so that saturation limits
// activations of fewer than 8 bits from above:
//
//	uint8   0..255     −128..127
//	int8    −128..127  −128..127
//	uint4   0..15       112..127
func shift(q quantized.Quant) int32 { return qmax - q.Format.Max() }

// quantOf is an activation's quantizer in the file.
func quantOf(q quantized.Quant) schema.Quant {
	return schema.Quant{Scale: []float32{q.Scale}, Zero: []int64{int64(q.Zero + shift(q))}}
}

// floor is the least integer in the file of an activation's format.
func floor(q quantized.Quant) int32 { return q.Format.Min() + shift(q) }

// same reports whether two activations are quantized alike.
func same(a, b quantized.Quant) bool {
	return a.Format == b.Format && a.Scale == b.Scale && a.Zero == b.Zero
}

// integers reports whether n computes with integers: whether its inputs, its
// weights and its output are quantized. Other layers compute with floats.
func integers(m *quantized.Model, n *quantized.Node) bool {
	if n.Output.Quant.IsFloat() {
		return false
	}
	for _, name := range n.Inputs {
		if x, _ := m.Activation(name); x.Quant.IsFloat() {
			return false
		}
	}
	return n.Weights == nil || n.Weights.Q != nil && n.Weights.Block == 0
}
