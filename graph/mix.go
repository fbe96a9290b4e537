package graph

import (
	"fmt"
	"slices"

	"petrify/quantized"
)

// Mix freezes the model with some quantizers exchanged for those that models of the
// same network and weights have in their places: by tensor, as [Placement] names them.
// A nil model leaves the tensor float32. Nothing in the models moves.
func (m *Model) Mix(of map[string]*Model) (*quantized.Model, error) {
	var undo []func()
	defer func() {
		for _, f := range slices.Backward(undo) {
			f()
		}
	}()
	for _, p := range m.Placements() {
		other, ok := of[p.Tensor]
		if !ok {
			continue
		}
		if other != nil && len(other.all) != len(m.all) {
			return nil, fmt.Errorf("graph: mix: %s from another network", p.Tensor)
		}
		undo = append(undo, m.exchange(p, other)...)
	}
	return m.Freeze()
}

// exchange takes the quantizer at a place from another model, nil: none, and returns
// what undoes it.
func (m *Model) exchange(p Placement, other *Model) (undo []func()) {
	at := func(i int) *unit {
		if other == nil {
			return &unit{}
		}
		return other.all[i]
	}
	named := m.all[slices.IndexFunc(m.all, func(u *unit) bool {
		return p.Weights && u.name()+".weight" == p.Tensor || !p.Weights && u.name() == p.Tensor
	})]
	shared := named.output
	for i, u := range m.all {
		weights, output := u.weights, u.output
		switch {
		case p.Weights && u == named:
			u.weights = at(i).weights
		case !p.Weights && output == shared:
			u.output = at(i).output
		default:
			continue
		}
		undo = append(undo, func() { u.weights, u.output = weights, output })
	}
	return undo
}
