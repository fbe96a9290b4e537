package graph

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/internal/node"
)

// Evaluator runs the network forward over batches of a fixed size, without
// moving anything: batch normalisation uses its running statistics, observers
// rest. A quantized evaluator computes each layer whose input, weights and
// output are quantized on their integers, as the frozen model's runtimes do:
// its outputs are theirs, bit for bit.
type Evaluator struct {
	model     *Model
	quantized bool
	vm        gorgonia.VM
	x         *tensor.Dense
	logits    *gorgonia.Node
	loss      *lossOp
	outputs   map[*unit]*gorgonia.Node
}

// Evaluator builds the graph of an evaluation, in float32 or quantized.
func (m *Model) Evaluator(batch int, quantized bool) (*Evaluator, error) {
	if batch < 1 {
		return nil, fmt.Errorf("graph: batch of %d: want at least 1", batch)
	}
	e := &Evaluator{model: m, quantized: quantized, loss: new(lossOp)}
	b := newBuilder(m, batch, quantized)
	input, value := b.input(m.in)
	e.x = value
	x, err := b.frozen(m.input, input)
	if err != nil {
		return nil, err
	}
	logits, err := b.walk(m, x, func(u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
		return b.evalUnit(m, u, in)
	})
	if err != nil {
		return nil, err
	}
	e.logits, e.outputs = logits, b.outputs
	if _, err := e.loss.add(m.network.Loss, logits, input); err != nil {
		return nil, err
	}
	e.vm, err = compile(b.graph)
	return e, err
}

// Run evaluates one batch: x is N H W C, normalised; labels −1 mark samples
// that only fill the batch.
func (e *Evaluator) Run(x []float32, labels []int32) (Metrics, error) {
	in := e.x.Float32s()
	if len(x) != len(in) || len(labels) != len(e.loss.labels) {
		return Metrics{}, fmt.Errorf("graph: batch of %d numbers and %d labels: want %d and %d",
			len(x), len(labels), len(in), len(e.loss.labels))
	}
	copy(in, x)
	copy(e.loss.labels, labels)
	if e.quantized {
		defer e.model.enable()()
	}
	defer e.vm.Reset()
	if err := e.vm.RunAll(); err != nil {
		return Metrics{}, fmt.Errorf("graph: %w", err)
	}
	return Metrics{Loss: e.loss.loss, Correct: e.loss.correct, Count: counted(labels)}, e.check()
}

// check names the first tensor that is not finite, where the loss is not.
func (e *Evaluator) check() error {
	if !math.IsNaN(e.loss.loss) && !math.IsInf(e.loss.loss, 0) {
		return nil
	}
	if cause := e.model.diagnose(e.x.Float32s(), e.outputs); cause != nil {
		return cause
	}
	return fmt.Errorf("graph: the loss is %w", ErrNotFinite)
}

// Logits is the network's output of the last Run, N × classes. The next Run
// overwrites it.
func (e *Evaluator) Logits() []float32 { return floats(e.logits) }

// Output is what the named layer computed in the last Run, N H W C or N × F,
// behind its quantizer. The next Run overwrites it.
func (e *Evaluator) Output(layer string) ([]float32, error) {
	for u, n := range e.outputs {
		if u != nil && u.name() == layer {
			return floats(n), nil
		}
	}
	return nil, fmt.Errorf("graph: no layer %q in network %s", layer, e.model.network.Name)
}

// Close frees the machine.
func (e *Evaluator) Close() error { return e.vm.Close() }

// enable switches all quantizers on, and returns what restores them.
func (m *Model) enable() (restore func()) {
	all := m.quantizers()
	was := make([]bool, len(all))
	for i, q := range all {
		was[i] = q.Enabled()
		q.SetEnabled(true)
	}
	return func() {
		for i, q := range all {
			q.SetEnabled(was[i])
		}
	}
}

// Settle brings the scales of weights that follow the weights' last value up
// to date with the last step of the optimizer, and puts frozen weights back on
// the grid. Call it between training and evaluation; quantizers that no longer observe stay as they are.
func (m *Model) Settle() error {
	var errs []error
	for _, u := range m.units {
		if u.weights == nil || !u.weights.Observing() {
			continue
		}
		w, b := make([]float32, len(u.weight.Value)), make([]float32, u.out.C)
		u.folded(w, b)
		errs = append(errs, u.weights.Observe(w))
	}
	none := func(string) float64 { return 1 }
	return errors.Join(append(errs, m.FreezeOscillating(none))...)
}

// frozen adds a quantizer's node that does not observe.
func (b *builder) frozen(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if q == nil || !b.quantized {
		return x, nil
	}
	return fakequant.FrozenNode(q, x)
}

// evalUnit adds a unit for evaluation. Where the unit has an integer form and
// the evaluation is quantized, that is what computes it.
func (b *builder) evalUnit(m *Model, u *unit, in []*gorgonia.Node) (y *gorgonia.Node, err error) {
	k, quantizers := u.layer.Kind, m.around(u)
	switch {
	case k.weighted():
		y, err = b.evalWeighted(u, quantizers[0], in[0])
		if err != nil || b.quantized && u.integral(quantizers[0]) {
			return y, err
		}
	case b.quantized && k == KindAdd && u.output != nil && quantizers[0] != nil && quantizers[1] != nil:
		return b.addIntegers(u, quantizers, in)
	case b.quantized && k.averages() && u.output != nil:
		return b.averageIntegers(u, in[0])
	case b.quantized && k == KindSoftmax && u.output != nil && quantizers[0] != nil:
		return b.softmaxIntegers(u, quantizers[0], in[0])
	default:
		y, err = b.plain(u, in)
	}
	if err != nil || k.moves() || k == KindConcat {
		return y, err
	}
	return b.frozen(u.output, y)
}

// around lists the quantizers on whose grids the unit's inputs lie; nil for a
// float one.
func (m *Model) around(u *unit) (all []*fakequant.Quantizer) {
	for _, in := range u.inputs {
		if in == nil {
			all = append(all, m.input)
		} else {
			all = append(all, in.output)
		}
	}
	return all
}

// evalWeighted adds a convolution or linear layer, computed on integers where
// it can be.
func (b *builder) evalWeighted(u *unit, in *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	w, bias, err := b.foldedNodes(u)
	if err != nil {
		return nil, err
	}
	if w, err = b.frozen(u.weights, w); err != nil {
		return nil, err
	}
	if b.quantized && u.integral(in) {
		return b.integer(u, in, x, w, bias)
	}
	y, err := b.product(u, nil, x, w, bias)
	if err != nil {
		return nil, err
	}
	return clip(u.name()+"/clip", y, u.clip)
}

// foldedNodes adds the unit's weights and bias, batch normalisation folded in.
func (b *builder) foldedNodes(u *unit) (w, bias *gorgonia.Node, err error) {
	folded := make([]float32, u.out.C)
	w, err = node.Apply(node.Spec{
		Name:  u.weight.Name + "/folded",
		Shape: u.weight.Shape,
		Run: func(w []float32, _ [][]float32) error {
			u.folded(w, folded)
			return nil
		},
	}, b.param(u.weight))
	if err != nil {
		return nil, nil, err
	}
	bias, err = node.Apply(node.Spec{
		Name:  u.name() + ".bias/folded",
		Shape: tensor.Shape{u.out.C},
		Run: func(bias []float32, _ [][]float32) error {
			copy(bias, folded)
			return nil
		},
	}, w)
	return w, bias, err
}
