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
	if err := quantized.Refuse(m, "coreml", operations, functions); err != nil {
		return err
	}
	if m.Output == m.Input.Name {
		return fmt.Errorf("coreml: output %q is the input: want the name of a layer", m.Output)
	}
	if err := validateActivation(&m.Input.Activation); err != nil {
		return err
	}
	for i := range m.Nodes {
		if err := validateActivation(&m.Nodes[i].Output); err != nil {
			return err
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

// full reports whether f has every value of its 8-bit type, so that quantize
// alone clips to it.
func full(f affine.Format) bool { return f.Bits == 8 && !f.Narrow }
