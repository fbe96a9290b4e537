package graph

// Costs shows what the quantization of each layer costs: of its weights, and of the
// activations that [Model.Domains] assigns to it. Between the quantizers it computes in
// float32, as their layers may be float. Nothing in the model moves.
type Costs struct{ *pass }

// Costs builds the graph, for batches of a fixed size.
func (m *Model) Costs(batch int) (*Costs, error) {
	b := newBuilder(m, batch, true)
	b.evaluates, b.plainly, b.reals, b.resting = true, true, true, map[*unit]bool{}
	p, _, err := b.pass()
	if err != nil {
		return nil, err
	}
	return &Costs{p}, p.compile(b)
}

// Each computes a batch again and again, and shows the outputs, N × K, which are valid
// until see returns: first, for the layer "", in float, then with each layer quantized
// alone. Unless alone, it is the other way round: all layers are quantized, and then each is
// left in float alone.
func (c *Costs) Each(x []float32, labels []int32, alone bool, see func(layer string, m Metrics, y []float32) error,
) error {
	if err := c.load(x, labels); err != nil {
		return err
	}
	defer c.model.rest()()
	layers := []string{""}
	for _, d := range c.model.Domains() {
		if len(d.Tensors) > 0 {
			layers = append(layers, d.Layer)
		}
	}
	for _, layer := range layers {
		for _, q := range c.model.quantizers() {
			q.SetEnabled((layer != "" && c.model.owner[q].name() == layer) == alone)
		}
		m, err := c.run()
		if err == nil {
			err = see(layer, m, floats(c.y))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
