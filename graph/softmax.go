package graph

import (
	"fmt"

	"petrify/quantized"
)

// CheckSoftmax returns an error for a quantized softmax that ONNX Runtime's kernel for integers
// gets wrong: its steps have to be 1/n, and n at most [quantized.SoftmaxSteps] times the number
// of its outputs.
func (m *Model) CheckSoftmax() error {
	for _, u := range m.units {
		from := u.inputs
		if u.kind() != KindSoftmax || u.output == nil || from[0].output == nil {
			continue
		}
		if !u.given {
			return fmt.Errorf("graph: %s shares the range of its outputs with other layers, by a concatenation, and ONNX "+
				"Runtime computes a softmax in steps of 1/n alone: want it to be concatenated with nothing", u.name())
		}
		const most = quantized.SoftmaxSteps
		if width, bits := u.out.C, u.output.Config().Format.Bits; 1<<bits > most*width {
			return fmt.Errorf("graph: %s: ONNX Runtime's softmax over %d numbers overflows at %d bits: want %d numbers or more",
				u.name(), width, bits, (1<<bits+most-1)/most)
		}
	}
	return nil
}
