package graph

import (
	"fmt"

	"petrify/fakequant"
)

// State is one named tensor of a checkpoint; one of its slices holds the
// values.
type State = fakequant.State

// State returns everything that [Model.Restore] needs to go on as if nothing
// had happened: parameters, running statistics, the quantizers with their
// observers, and what [Model.Watch] watches. The slices are the model's own: write or copy them before the
// next step.
func (m *Model) State() []State {
	all := m.tensors()
	for _, q := range m.quantizers() {
		all = append(all, q.State()...)
	}
	return append(all, m.oscillationState()...)
}

// tensors is the state without the quantizers'.
func (m *Model) tensors() (all []State) {
	for _, u := range m.units {
		for _, p := range u.params() {
			all = append(all, State{Name: p.Name, Shape: p.Shape, F32: p.Value})
		}
		if u.norm != nil {
			all = append(all, u.norm.state()...)
		}
	}
	return all
}

// state is the running statistics, by PyTorch's names.
func (n *batchNorm) state() []State {
	shape := []int{len(n.mean)}
	frozen := []int64{0}
	if n.frozen {
		frozen[0] = 1
	}
	return []State{
		{Name: n.name + ".running_mean", Shape: shape, F32: n.mean},
		{Name: n.name + ".running_var", Shape: shape, F32: n.variance},
		{Name: n.name + ".frozen", Shape: []int{1}, I64: frozen},
	}
}

// Restore brings back a state of a model of the same network and
// quantization. Tensors of other names are ignored; a missing one, or one of
// another length, is an error.
func (m *Model) Restore(state []State) error {
	byName := make(map[string]State, len(state))
	for _, s := range state {
		byName[s.Name] = s
	}
	own := m.tensors()
	for _, d := range own {
		s, ok := byName[d.Name]
		if !ok {
			return fmt.Errorf("graph: restore: no tensor %q", d.Name)
		}
		if len(s.F32) != len(d.F32) || len(s.I64) != len(d.I64) {
			return fmt.Errorf("graph: restore: tensor %q has %d values, want %d", d.Name, len(s.F32)+len(s.I64), len(d.F32)+len(d.I64))
		}
	}
	for _, d := range own {
		copy(d.F32, byName[d.Name].F32)
	}
	for _, u := range m.units {
		if u.norm != nil {
			u.norm.frozen = byName[u.norm.name+".frozen"].I64[0] != 0
		}
	}
	for _, q := range m.quantizers() {
		if err := q.Restore(state); err != nil {
			return fmt.Errorf("graph: restore: %w", err)
		}
	}
	if err := m.restoreOscillations(state); err != nil {
		return fmt.Errorf("graph: restore: %w", err)
	}
	return nil
}
