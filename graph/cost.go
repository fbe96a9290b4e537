package graph

import (
	"cmp"
	"slices"
)

// Cost is what the quantization of one layer costs: of its weights, and of the
// activations that [Model.Domains] assigns to it.
type Cost struct {
	Layer   string
	Loss    float64 // how much greater it makes the mean loss
	Correct int     // how many more samples are classified wrongly
}

// Costs measures [Cost] of every layer. Between the quantizers it computes in
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
	return &Costs{p}, p.compile(b.graph)
}

// Of returns the costs for a batch, the greatest first. Each layer is either
// quantized alone, while all others are float, or left in float alone.
func (c *Costs) Of(x []float32, labels []int32, alone bool) ([]Cost, error) {
	if err := c.load(x, labels); err != nil {
		return nil, err
	}
	defer c.model.rest()()
	sign := 1
	if !alone {
		sign = -1
	}
	all, err := c.quantized(func(string) bool { return !alone })
	if err != nil {
		return nil, err
	}
	var costs []Cost
	for _, d := range c.model.Domains() {
		if len(d.Tensors) == 0 {
			continue
		}
		one, err := c.quantized(func(layer string) bool { return (layer == d.Layer) == alone })
		if err != nil {
			return nil, err
		}
		costs = append(costs, Cost{d.Layer, float64(sign) * (one.Loss - all.Loss), sign * (all.Correct - one.Correct)})
	}
	slices.SortStableFunc(costs, func(a, b Cost) int { return cmp.Compare(b.Loss, a.Loss) })
	return costs, nil
}

// quantized computes the loaded batch with the given layers quantized.
func (c *Costs) quantized(is func(layer string) bool) (Metrics, error) {
	for _, q := range c.model.quantizers() {
		q.SetEnabled(is(c.model.owner[q].name()))
	}
	return c.run()
}
