package reference

import (
	"fmt"

	"petrify/quantized"
)

// Compare compares what an implementation computed for one input with the
// definition. got has its activations by name, and the model's input, as real
// numbers C H W. Each layer is computed from its inputs in got, so that an
// error names the layer where a difference begins.
func Compare(m *quantized.Model, mode Mode, got map[string][]float32) error {
	values := map[string]*Tensor{m.Input.Name: Of(m.Input.Activation, got[m.Input.Name])}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		r := got[n.Name]
		want, err := Layer(n, mode, values)
		if err == nil {
			err = checkLen(n.Output, r)
		}
		if err != nil {
			return err
		}
		differ, first := 0, 0
		for i := len(r) - 1; i >= 0; i-- {
			if !want.Allows(i, r[i]) {
				differ, first = differ+1, i
			}
		}
		if differ > 0 {
			return fmt.Errorf("reference: %s: %d of %d elements differ; element %d is %v, want %v",
				n.Name, differ, len(r), first, r[first], want.Real(first))
		}
		values[n.Name] = Of(n.Output, r)
	}
	return nil
}
