package graph

// PlainTrainer is [Model.Trainer] without fused nodes.
func (m *Model) PlainTrainer(batch int, quantized bool) (*Trainer, error) {
	b := newBuilder(m, batch, quantized)
	b.plainly = true
	return newTrainer(b)
}
