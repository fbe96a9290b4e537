package carray

import (
	"errors"
	"fmt"

	"petrify/quantized"
)

// check returns every reason why a model has no form of integers alone.
func check(m *quantized.Model) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("carray: %w", err)
	}
	faults := []error{checkActivation(m.Input.Activation)}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if !n.Op.PassesThrough() {
			faults = append(faults, checkActivation(n.Output))
		}
		faults = append(faults, checkWeights(n))
	}
	if _, err := m.Accumulators(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func checkActivation(a quantized.Activation) error {
	if a.Quant.IsFloat() {
		return fmt.Errorf("carray: %s: its output is float32: want activations of 2 to 8 bits", a.Name)
	}
	return nil
}

func checkWeights(n *quantized.Node) error {
	switch w := n.Weights; {
	case w == nil:
		return nil
	case w.Q == nil:
		return fmt.Errorf("carray: %s: its weights are float32: want integers", n.Name)
	case w.Block > 0:
		return fmt.Errorf("carray: %s: its weights have a scale for every %d: their products are not one sum of "+
			"integers: want one scale for a channel or a tensor", n.Name, w.Block)
	}
	return nil
}
