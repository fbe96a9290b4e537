package train

import (
	"fmt"
	"slices"

	"petrify/graph"
)

// take copies states by name from saved into want, whose slices are the memory
// to restore.
func take(want, saved []graph.State) error {
	for _, w := range want {
		i := slices.IndexFunc(saved, func(s graph.State) bool { return s.Name == w.Name })
		if i < 0 {
			return fmt.Errorf("the checkpoint has no %s", w.Name)
		}
		s := saved[i]
		if len(s.F32) != len(w.F32) || len(s.F64) != len(w.F64) || len(s.I64) != len(w.I64) {
			return fmt.Errorf("%s of the checkpoint has another type or length", w.Name)
		}
		copy(w.F32, s.F32)
		copy(w.F64, s.F64)
		copy(w.I64, s.I64)
	}
	return nil
}

// clone copies states with their values.
func clone(states []graph.State) []graph.State {
	copies := slices.Clone(states)
	for i := range copies {
		s := &copies[i]
		s.F32, s.F64, s.I64 = slices.Clone(s.F32), slices.Clone(s.F64), slices.Clone(s.I64)
	}
	return copies
}
