package graph

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"petrify/fakequant"
)

// State is one named tensor of a checkpoint; one of its slices holds the
// values.
type State = fakequant.State

// State returns everything that [Model.Restore] needs to continue as if
// uninterrupted: parameters, running statistics, the random numbers of
// dropouts, the quantizers with their observers, and what [Model.Watch]
// watches. The slices are the model's own: write or copy them before the next
// step.
func (m *Model) State() []State {
	all := m.Tensors()
	for _, q := range m.quantizers() {
		all = append(all, q.State()...)
	}
	return append(all, m.oscillationState()...)
}

// Tensors is the part of the state that does not depend on the quantization:
// parameters, running statistics, and the random numbers of dropouts.
func (m *Model) Tensors() (all []State) {
	for _, u := range m.units {
		for _, p := range u.params() {
			all = append(all, State{Name: p.Name, Shape: p.Shape, F32: p.Value})
		}
		if u.norm != nil {
			all = append(all, u.norm.state()...)
		}
		if u.drop != nil {
			all = append(all, State{Name: u.name() + ".random", Shape: []int{2}, I64: words(u.drop)})
		}
	}
	return all
}

// pcgName begins a PCG's text form; two words of 64 bits follow.
const pcgName = "pcg:"

// words are the state of a generator.
func words(p *rand.PCG) []int64 {
	text, _ := p.MarshalBinary() // which has no error to give
	text = text[len(pcgName):]
	return []int64{int64(binary.BigEndian.Uint64(text)), int64(binary.BigEndian.Uint64(text[8:]))}
}

// setWords is the inverse of words.
func setWords(p *rand.PCG, w []int64) error {
	text := binary.BigEndian.AppendUint64([]byte(pcgName), uint64(w[0]))
	return p.UnmarshalBinary(binary.BigEndian.AppendUint64(text, uint64(w[1])))
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

// Restore restores the state of a model of the same network and quantization.
// Tensors of other names are ignored; a missing one, or one of another length,
// is an error.
func (m *Model) Restore(state []State) error {
	byName := make(map[string]State, len(state))
	for _, s := range state {
		byName[s.Name] = s
	}
	own := m.Tensors()
	for _, d := range own {
		s, ok := byName[d.Name]
		if !ok {
			return fmt.Errorf("graph: restore: no tensor %q", d.Name)
		}
		if len(s.F32) != len(d.F32) || len(s.I64) != len(d.I64) {
			return fmt.Errorf("graph: restore: tensor %q has %d values, want %d", d.Name, len(s.F32)+len(s.I64),
				len(d.F32)+len(d.I64))
		}
	}
	for _, d := range own {
		copy(d.F32, byName[d.Name].F32)
	}
	for _, u := range m.units {
		if u.norm != nil {
			u.norm.frozen = byName[u.norm.name+".frozen"].I64[0] != 0
		}
		if u.drop != nil {
			if err := setWords(u.drop, byName[u.name()+".random"].I64); err != nil {
				return fmt.Errorf("graph: restore: layer %s: %w", u.name(), err)
			}
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
