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
	for i := range m.Nodes {
		if n := &m.Nodes[i]; n.Window.Overhang != [2]int{} {
			return fmt.Errorf("coreml: %s: %v counts a part of what surrounds the image, but Core ML all or nothing: "+
				"want ceil_mode or count_include_pad to be false", n.Name, n.Op)
		}
	}
	if m.Output == m.Input.Name {
		return fmt.Errorf("coreml: output %q is the input: want the name of a layer", m.Output)
	}
	return nil
}

// full reports whether f has every value of its 8-bit type, so that quantize
// alone clips to it.
func full(f affine.Format) bool { return f.Bits == 8 && !f.Narrow }
