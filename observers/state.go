package observers

import "fmt"

// State is one named tensor of an observer's or a quantizer's memory. One of
// the three slices holds the values, in row-major order.
type State struct {
	Name  string
	Shape []int
	F32   []float32
	F64   []float64
	I64   []int64
}

// restore copies the values of src into the slices of dst by name, after
// checking that both have the same names, types and lengths.
func restore(dst, src []State) error {
	byName := make(map[string]State, len(src))
	for _, s := range src {
		byName[s.Name] = s
	}
	if len(byName) != len(dst) || len(src) != len(dst) {
		return fmt.Errorf("observers: state has %d tensors, want %d", len(src), len(dst))
	}
	for _, d := range dst {
		s, ok := byName[d.Name]
		if !ok {
			return fmt.Errorf("observers: state has no tensor %q", d.Name)
		}
		if len(s.F32) != len(d.F32) || len(s.F64) != len(d.F64) || len(s.I64) != len(d.I64) {
			return fmt.Errorf("observers: state %q does not have the type or the length %v", d.Name, d.Shape)
		}
	}
	for _, d := range dst {
		s := byName[d.Name]
		copy(d.F32, s.F32)
		copy(d.F64, s.F64)
		copy(d.I64, s.I64)
	}
	return nil
}
