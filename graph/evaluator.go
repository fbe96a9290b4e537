package graph

import (
	"errors"
	"fmt"
)

// Evaluator runs the network forward over batches of a fixed size without
// moving anything: batch normalisation uses its running statistics, and
// observers are off. It has the nodes of a [Trainer] except for dropout. If it
// is quantized, its outputs are those of the frozen model, bit for bit.
type Evaluator struct {
	*pass
	batch     int
	quantized bool
	whole     *pass // the same with all values; nil: not needed yet
	known     bool  // whole has run the last batch
}

// Evaluator builds the graph of an evaluation, in float32 or quantized.
func (m *Model) Evaluator(batch int, quantized bool) (*Evaluator, error) {
	e := &Evaluator{batch: batch, quantized: quantized}
	var err error
	e.pass, err = m.forward(batch, quantized, nil, false)
	return e, err
}

// forward builds the graph of an evaluation. If it is whole, all values stay valid until the
// next run.
func (m *Model) forward(batch int, quantized bool, resting map[*unit]bool, whole bool) (*pass, error) {
	b := newBuilder(m, batch, quantized)
	b.evaluates, b.resting, b.whole = true, resting, whole
	p, _, err := b.pass()
	if err != nil {
		return nil, err
	}
	return p, p.compile(b)
}

// Run evaluates one batch: x is N H W C, normalised; labels −1 mark samples
// that only fill the batch.
func (e *Evaluator) Run(x []float32, labels []int32) (Metrics, error) {
	e.known = false
	m, err := e.evaluate(x, labels)
	if errors.Is(err, ErrNotFinite) {
		err = e.again()
	}
	return m, err
}

// evaluate runs a batch without moving anything.
func (p *pass) evaluate(x []float32, labels []int32) (Metrics, error) {
	if err := p.load(x, labels); err != nil {
		return Metrics{}, err
	}
	defer p.model.rest()()
	return p.run()
}

// again runs the last batch with all values.
func (e *Evaluator) again() error {
	if e.whole == nil {
		p, err := e.model.forward(e.batch, e.quantized, nil, true)
		if err != nil {
			return err
		}
		e.whole = p
	}
	e.whole.loss.custom = e.loss.custom
	_, err := e.whole.evaluate(e.x.Float32s(), e.loss.labels)
	e.known = err == nil
	return err
}

// Close frees the machines.
func (e *Evaluator) Close() error {
	if e.whole == nil {
		return e.pass.Close()
	}
	return errors.Join(e.pass.Close(), e.whole.Close())
}

// Logits is the network's output of the last Run, N × classes. The next Run
// overwrites it.
func (e *Evaluator) Logits() []float32 { return floats(e.y) }

// Output is what the named layer computed in the last Run, N H W C or N × F,
// after its quantizer. The first call after a Run computes the batch again, keeping all
// layers' outputs, and overwrites those of the batch before.
func (e *Evaluator) Output(layer string) ([]float32, error) {
	for _, u := range e.model.all {
		if u.name() != layer {
			continue
		}
		var err error
		if !e.known {
			err = e.again()
		}
		if err != nil {
			return nil, err
		}
		return floats(e.whole.outputs[u]), nil
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
