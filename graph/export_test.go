package graph

// PlainTrainer is [Model.Trainer] without fused nodes.
func (m *Model) PlainTrainer(batch int, quantized bool) (*Trainer, error) {
	b := newBuilder(m, batch, quantized)
	b.plainly = true
	return newTrainer(b)
}

// Output is the output of the named layer in the last step.
func (t *Trainer) Output(layer string) []float32 {
	for u, n := range t.outputs {
		if u != nil && u.name() == layer {
			return floats(n)
		}
	}
	return nil
}

// Outputs is the network's output in the last step.
func (t *Trainer) Outputs() []float32 {
	return floats(t.outputs[t.model.units[len(t.model.units)-1]])
}
