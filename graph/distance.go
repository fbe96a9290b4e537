package graph

import (
	"maps"
	"math"
	"slices"

	"petrify/fakequant"
)

// Distance counts how far the forward pass of training is from the engine's: in
// which activations, and by how many steps of their grids. Layers that are at rest
// compute in training what the engine does; before, products and sums of real
// numbers round where they are half way between two steps.
//
// Both passes use batch norm's running statistics and the present ranges, and
// nothing in the model moves.
type Distance struct {
	pass    *pass
	rests   map[*unit]bool // in the pass that follows
	shipped map[*unit][]float32
}

// Difference is what a [Distance] finds.
type Difference struct {
	Share float64 `json:"share"` // of the elements of quantized activations that differ
	Steps int     `json:"steps"` // of the element that differs most
	// samples that the engine classifies correctly, less those that training does
	Correct int `json:"correct,omitempty"`
}

// Distance builds the graph, for batches of a fixed size.
func (m *Model) Distance(batch int) (*Distance, error) {
	d := &Distance{rests: map[*unit]bool{}, shipped: map[*unit][]float32{}}
	var err error
	if d.pass, err = m.forward(batch, true, d.rests, true); err != nil {
		return nil, err
	}
	for u, n := range d.pass.outputs {
		if u.roundsTo() != nil {
			d.shipped[u] = make([]float32, n.Shape().TotalSize())
		}
	}
	return d, nil
}

// roundsTo is the quantizer whose steps a unit rounds to; nil: it rounds to none, or
// passes on what is on a grid already.
func (u *unit) roundsTo() *fakequant.Quantizer {
	if u.layer.Kind.is(roleMove, roleJoin) {
		return nil
	}
	return u.output
}

// Live is the bytes of values that are needed at each step, as [Trainer.Live] is.
func (d *Distance) Live() []int64 {
	live := slices.Clone(d.pass.Live())
	for i := range live {
		for _, y := range d.shipped {
			live[i] += 4 * int64(len(y))
		}
	}
	return live
}

// Memory is the greatest of them.
func (d *Distance) Memory() int64 { return slices.Max(d.Live()) }

// Compare compares the passes over a batch, as [Evaluator.Run] takes it.
func (d *Distance) Compare(x []float32, labels []int32) (found Difference, err error) {
	m, now := d.pass.model, map[*unit]bool{}
	for _, u := range m.all {
		now[u], d.rests[u] = m.rests(u), true
	}
	engine, err := d.pass.evaluate(x, labels)
	if err != nil {
		return found, err
	}
	for u, y := range d.shipped {
		copy(y, floats(d.pass.outputs[u]))
	}
	maps.Copy(d.rests, now)
	training, err := d.pass.evaluate(x, labels)
	if err != nil {
		return found, err
	}
	found.Correct = engine.Correct - training.Correct
	differing, count := 0, 0
	for u, shipped := range d.shipped {
		step := float64(u.roundsTo().Params().Scale[0])
		for i, y := range floats(d.pass.outputs[u]) {
			if steps := int(math.Round(math.Abs(float64(y)-float64(shipped[i])) / step)); steps > 0 {
				differing, found.Steps = differing+1, max(found.Steps, steps)
			}
		}
		count += len(shipped)
	}
	found.Share = float64(differing) / float64(max(count, 1))
	return found, nil
}

// Close frees the machine.
func (d *Distance) Close() error { return d.pass.Close() }
