package graph

import (
	"errors"
	"fmt"
)

// Evaluator runs the network forward over batches of a fixed size without
// moving anything: batch normalisation uses its running statistics, and
// observers are off. It has the nodes of a [Trainer] except for dropout. If it
// is quantized, its outputs are those of the frozen model, bit for bit.
type Evaluator struct{ *pass }

// Evaluator builds the graph of an evaluation, in float32 or quantized.
func (m *Model) Evaluator(batch int, quantized bool) (*Evaluator, error) {
	return m.evaluator(batch, quantized, nil)
}

func (m *Model) evaluator(batch int, quantized bool, resting map[*unit]bool) (*Evaluator, error) {
	b := newBuilder(m, batch, quantized)
	b.evaluates, b.resting = true, resting
	p, _, err := b.pass()
	if err != nil {
		return nil, err
	}
	return &Evaluator{p}, p.compile(b.graph)
}

// Run evaluates one batch: x is N H W C, normalised; labels −1 mark samples
// that only fill the batch.
func (e *Evaluator) Run(x []float32, labels []int32) (Metrics, error) {
	if err := e.load(x, labels); err != nil {
		return Metrics{}, err
	}
	defer e.model.rest()()
	return e.run()
}

// Logits is the network's output of the last Run, N × classes. The next Run
// overwrites it.
func (e *Evaluator) Logits() []float32 { return floats(e.y) }

// Output is what the named layer computed in the last Run, N H W C or N × F,
// after its quantizer. The next Run overwrites it.
func (e *Evaluator) Output(layer string) ([]float32, error) {
	for u, n := range e.outputs {
		if u.name() == layer {
			return floats(n), nil
		}
	}
	return nil, fmt.Errorf("graph: no layer %q in network %s", layer, e.model.network.Name)
}

// rest makes all quantizers round and none observe, and all batch
// normalisations use their running statistics. It returns a function that
// undoes this.
func (m *Model) rest() (restore func()) {
	var undo []func()
	for _, q := range m.quantizers() {
		enabled, observing := q.Enabled(), q.Observing()
		undo = append(undo, func() { q.SetEnabled(enabled); q.SetObserving(observing) })
		q.SetEnabled(true)
		q.SetObserving(false)
	}
	for _, u := range m.units {
		if n := u.norm; n != nil {
			frozen := n.frozen
			undo = append(undo, func() { n.frozen = frozen })
			n.frozen = true
		}
	}
	return func() {
		for _, f := range undo {
			f()
		}
	}
}

// Settle updates the scales of weights that follow the weights' last value
// after the optimizer's last step, and puts frozen weights back on the grid.
// Call it between training and evaluation; quantizers that no longer observe
// stay as they are.
func (m *Model) Settle() error {
	var errs []error
	for _, u := range m.units {
		if u.weights == nil || !u.weights.Observing() {
			continue
		}
		w := make([]float32, len(u.weight.Value))
		u.folded(w)
		errs = append(errs, u.weights.Observe(w))
	}
	none := func(string) float64 { return 1 }
	return errors.Join(append(errs, m.FreezeOscillating(none))...)
}
