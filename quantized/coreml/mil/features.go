package mil

import "fmt"

// features compares the interface with the program: no loader does.
func (c *checker) features(m *Model) error {
	if len(m.Inputs) == 0 || len(m.Inputs) != len(m.Program.Inputs) {
		return fmt.Errorf("%d inputs for %d of the program: want the same, at least one", len(m.Inputs),
			len(m.Program.Inputs))
	}
	if len(m.Outputs) == 0 || len(m.Outputs) != len(m.Program.Outputs) {
		return fmt.Errorf("%d outputs for %d of the program: want the same, at least one", len(m.Outputs),
			len(m.Program.Outputs))
	}
	for i, in := range m.Program.Inputs {
		if err := c.feature(&m.Inputs[i], in.Name); err != nil {
			return err
		}
	}
	for i, name := range m.Program.Outputs {
		if err := c.feature(&m.Outputs[i], name); err != nil {
			return err
		}
	}
	classifier := m.Outputs[0].Kind == Text
	if classifier != (m.Label != "" && m.Scores != "") {
		return fmt.Errorf("predicted feature %q and probabilities %q: want both for a classifier, none otherwise",
			m.Label, m.Scores)
	}
	if classifier && (len(m.Outputs) != 2 || m.Outputs[1].Kind != TextTable || m.Label != m.Outputs[0].Name ||
		m.Scores != m.Outputs[1].Name) {
		return fmt.Errorf("predicted feature %q and probabilities %q: want the names of outputs, a string and a "+
			"dictionary", m.Label, m.Scores)
	}
	return nil
}

func (c *checker) feature(f *Feature, name string) error {
	t, ok := c.types[name]
	if !ok || f.Name != name {
		return fmt.Errorf("feature %q: want the program's value %q, and that defined", f.Name, name)
	}
	var want Type
	switch f.Kind {
	case Array:
		want = TensorOf(f.Element, f.Shape...)
		if !(f.Element == Float32 || f.Element == Int32 || f.Element == Float16) || len(f.Shape) == 0 {
			return fmt.Errorf("feature %q: %v: want fp32, fp16 or int32 of rank 1 or more", name, want)
		}
	case Image:
		want = TensorOf(Float32, 1, 3, f.Height, f.Width)
		if f.Color == Gray {
			want.Shape[1] = 1
		}
	case Text:
		want = TensorOf(String)
	case Number:
		want = TensorOf(Int64)
	case TextTable:
		want = DictOf(TensorOf(String), TensorOf(Float64))
	case NumberKeys:
		want = DictOf(TensorOf(Int64), TensorOf(Float64))
	default:
		return fmt.Errorf("feature %q: without a known type", name)
	}
	if !t.Equal(want) {
		return fmt.Errorf("feature %q: %v, the program's is %v", name, want, t)
	}
	return nil
}
