package graph

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/internal/kernel"
)

// Metrics is what a pass over labelled samples measures.
type Metrics struct {
	Loss    float64 // mean over the samples; a cross-entropy is in nats
	Correct int     // samples whose greatest output is their label's; 0 without classes
	Count   int     // samples
}

// ErrNotFinite is wrapped by the errors of a step that met NaN or ±Inf.
var ErrNotFinite = errors.New("not finite")

// Trainer computes loss and gradients of batches of a fixed size. It shares
// the parameters and quantizers of its [Model]; two trainers of one model must
// not run at the same time.
type Trainer struct {
	model  *Model
	vm     gorgonia.VM
	x      *tensor.Dense
	loss   *lossOp                // apart: its node must not hold the Trainer, whose machine has a finalizer
	fakes  []*fakequant.Quantizer // whose fake-quant nodes are in the graph
	grads  []paramNode            // the nodes of the gradients
	memory int64                  // bytes of all values
	// The nodes of the units' outputs, and of their products before batch norm.
	outputs, products map[*unit]*gorgonia.Node
	masks             map[*unit][]float32
}

// Trainer builds the graph of a training step, in float32 or with fake-quant
// nodes.
func (m *Model) Trainer(batch int, quantized bool) (*Trainer, error) {
	if batch < 1 {
		return nil, fmt.Errorf("graph: batch of %d: want at least 1", batch)
	}
	return newTrainer(newBuilder(m, batch, quantized))
}

func newTrainer(b *builder) (*Trainer, error) {
	m := b.model
	x, value := b.input(m.in)
	t := &Trainer{model: m, x: value, loss: new(lossOp)}
	logits, err := b.network(m, x)
	if err != nil {
		return nil, err
	}
	loss, err := t.loss.add(m.network.Loss, logits, x)
	if err != nil {
		return nil, err
	}
	var params gorgonia.Nodes
	for _, p := range b.params {
		params = append(params, p.node)
	}
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	for i, p := range b.params {
		t.grads = append(t.grads, paramNode{p.param, grads[i]})
	}
	t.outputs, t.products, t.masks = b.outputs, b.products, b.masks
	if b.quantized {
		t.fakes = m.quantizers()
	}
	t.memory = b.memory()
	t.vm, err = compile(b.graph)
	return t, err
}

// Memory is the bytes of all values in the graph: parameters, activations,
// gradients. The operators' own buffers may take as much again.
func (t *Trainer) Memory() int64 { return t.memory }

// Step runs forward and backward over one batch: x is N H W C, normalised;
// labels has one class per sample, −1 for samples that only fill the batch.
// Afterwards Grad of each [Param] is the gradient of the mean loss, and
// observers that are on have seen the batch. An error that wraps [ErrNotFinite]
// names the first layer with numbers that are not finite.
func (t *Trainer) Step(x []float32, labels []int32) (Metrics, error) {
	in := t.x.Float32s()
	if len(x) != len(in) || len(labels) != len(t.loss.labels) {
		return Metrics{}, fmt.Errorf("graph: batch of %d numbers and %d labels: want %d and %d",
			len(x), len(labels), len(in), len(t.loss.labels))
	}
	copy(in, x)
	copy(t.loss.labels, labels)
	t.model.capture()
	for _, q := range t.fakes {
		q.Begin()
	}
	defer t.vm.Reset()
	if err := t.vm.RunAll(); err != nil {
		if cause := t.diagnose(); cause != nil {
			return Metrics{}, cause
		}
		return Metrics{}, fmt.Errorf("graph: %w", err)
	}
	for _, g := range t.grads {
		g.param.Grad = floats(g.node)
	}
	return Metrics{Loss: t.loss.loss, Correct: t.loss.correct, Count: counted(labels)}, t.check()
}

// check looks for NaN and ±Inf in the loss and the gradients and, if there are
// any, for their origin.
func (t *Trainer) check() error {
	bad := math.IsNaN(t.loss.loss) || math.IsInf(t.loss.loss, 0)
	for _, g := range t.grads {
		bad = bad || nonFinite(g.param.Grad) > 0
	}
	if !bad {
		return nil
	}
	if cause := t.diagnose(); cause != nil {
		return cause
	}
	return fmt.Errorf("graph: the loss is %w", ErrNotFinite)
}

// diagnose names the first tensor of a step that is not finite: input,
// parameter, layer or gradient.
func (t *Trainer) diagnose() error {
	if err := t.model.diagnose(t.x.Float32s(), t.products, t.outputs); err != nil {
		return err
	}
	for _, p := range t.model.Params() {
		if n := nonFinite(p.Grad); n > 0 {
			return fmt.Errorf("graph: %d gradients of parameter %s are %w", n, p.Name, ErrNotFinite)
		}
	}
	return nil
}

// diagnose names the first tensor that is not finite: input, parameter, or one
// of the nodes of a layer.
func (m *Model) diagnose(x []float32, nodes ...map[*unit]*gorgonia.Node) error {
	if n := nonFinite(x); n > 0 {
		return fmt.Errorf("graph: %d values of the input are %w", n, ErrNotFinite)
	}
	if err := m.finite(); err != nil {
		return err
	}
	for _, u := range m.units {
		n := 0
		for _, of := range nodes {
			n += nonFinite(floats(of[u]))
		}
		if n > 0 {
			return fmt.Errorf("graph: %d outputs of layer %s are %w", n, u.name(), ErrNotFinite)
		}
	}
	return nil
}

// finite names the first parameter that is not.
func (m *Model) finite() error {
	for _, p := range m.Params() {
		if n := nonFinite(p.Value); n > 0 {
			return fmt.Errorf("graph: %d values of parameter %s are %w", n, p.Name, ErrNotFinite)
		}
	}
	return nil
}

// Masks returns the factors of each dropout's elements in the last step, 0 or
// 1/(1 − rate), by the layers' names. The next step overwrites them.
func (t *Trainer) Masks() map[string][]float32 {
	masks := map[string][]float32{}
	for u, m := range t.masks {
		masks[u.name()] = m
	}
	return masks
}

// Close frees the machine.
func (t *Trainer) Close() error { return t.vm.Close() }

func nonFinite(x []float32) int {
	_, _, n := kernel.MinMax(x)
	return n
}

// floats is the value of a node.
func floats(n *gorgonia.Node) []float32 {
	if n == nil {
		return nil
	}
	if d, ok := n.Value().(*tensor.Dense); ok {
		return d.Float32s()
	}
	return nil
}

// counted is the number of samples with a label.
func counted(labels []int32) (n int) {
	for _, l := range labels {
		if l >= 0 {
			n++
		}
	}
	return n
}
