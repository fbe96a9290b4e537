package coreml

import (
	"fmt"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// validate refuses models that contradict themselves, and those that are
// valid but have no form in Core ML, naming the layer.
func validate(m *quantized.Model) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("coreml: %w", err)
	}
	if m.Output == m.Input.Name {
		return fmt.Errorf("coreml: output %q is the input: want the name of a layer", m.Output)
	}
	if err := validateActivation(&m.Input.Activation); err != nil {
		return err
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if err := validateActivation(&n.Output); err != nil {
			return err
		}
		if w := n.Weights; w != nil && w.Block > 0 && w.Shape[1]%w.Block != 0 {
			return fmt.Errorf("coreml: layer %q: blocks of %d weights do not divide the %d inputs of shape %v", n.Name, w.Block, w.Shape[1], w.Shape)
		}
	}
	return nil
}

func validateActivation(a *quantized.Activation) error {
	if a.Quant.Format.Bits > 8 {
		return fmt.Errorf("coreml: layer %q: %v activations: want 8 bits or fewer", a.Name, a.Quant.Format)
	}
	return nil
}

// scaleShape is the shape of the scales, of the weights' rank: 1 where one
// scale serves the whole dimension.
func scaleShape(w *quantized.Weights) []int {
	shape := make([]int, len(w.Shape))
	for i := range shape {
		shape[i] = 1
	}
	switch {
	case w.Block > 0:
		shape[0], shape[1] = w.Shape[0], w.Shape[1]/w.Block
	case w.Axis == 0:
		shape[0] = w.Shape[0]
	}
	return shape
}

// full reports whether f has every value of its 8-bit type, so that quantize
// alone clips to it.
func full(f affine.Format) bool { return f.Bits == 8 && !f.Narrow }
