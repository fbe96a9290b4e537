package fakequant

import (
	"fmt"
	"strings"

	"petrify/observers"
)

// State is one named tensor of a checkpoint.
type State = observers.State

// State returns everything that [Quantizer.Restore] needs to continue as if
// uninterrupted: scales, zero points, switches, what the method learned and
// what the observer remembers. Names begin with the quantizer's. The slices are
// q's own: write or copy them before the next step.
func (q *Quantizer) State() []State {
	q.settle()
	state := q.own()
	for _, s := range q.observer.State() {
		s.Name = q.name + ".observer." + s.Name
		state = append(state, s)
	}
	return state
}

// own is the part of the state that is not the observer's.
func (q *Quantizer) own() []State {
	shape := []int{q.layout.N}
	zero := make([]int64, q.layout.N)
	for i, z := range q.Zero {
		zero[i] = int64(z)
	}
	state := []State{
		{Name: q.name + ".scale", Shape: shape, F32: q.Scale},
		{Name: q.name + ".zero", Shape: shape, I64: zero},
		{Name: q.name + ".counters", Shape: []int{5}, I64: []int64{
			q.observed, q.trained, number(q.observing), number(q.enabled), number(q.ready),
		}},
	}
	if q.cfg.Method.Traits().Unfolded { // what was observed, in units of factors that have moved since
		state = append(state, State{Name: q.name + ".bound", Shape: shape, F32: q.bound})
	}
	for _, l := range q.method.learned() {
		state = append(state, State{Name: l.Name, Shape: shape, F32: l.Value})
	}
	return state
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Restore restores the state of a quantizer of the same name and Config. It
// ignores tensors of other names, and changes nothing if one is missing.
func (q *Quantizer) Restore(state []State) error {
	byName := map[string]State{}
	var observer []State
	for _, s := range state {
		byName[s.Name] = s
		if name, ok := strings.CutPrefix(s.Name, q.name+".observer."); ok {
			s.Name = name
			observer = append(observer, s)
		}
	}
	own := q.own()
	for _, d := range own {
		s, ok := byName[d.Name]
		if !ok || len(s.F32) != len(d.F32) || len(s.I64) != len(d.I64) {
			return fmt.Errorf("fakequant: %s: state %q is missing or of another type or length", q.name, d.Name)
		}
	}
	if err := q.observer.Restore(observer); err != nil {
		return fmt.Errorf("fakequant: %s: %w", q.name, err)
	}
	for _, d := range own {
		copy(d.F32, byName[d.Name].F32)
	}
	for i, z := range byName[q.name+".zero"].I64 {
		q.Zero[i] = int32(z)
	}
	n := byName[q.name+".counters"].I64
	q.observed, q.trained, q.observing, q.enabled, q.ready = n[0], n[1], n[2] != 0, n[3] != 0, n[4] != 0
	if q.λ = 1; q.enabled {
		q.λ = q.cfg.Ramp.blend(q.trained - 1) // of the last step
	}
	q.stale = false
	q.observer.Range(q.min, q.max)
	return nil
}
