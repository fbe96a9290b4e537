package graph

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// Metrics is what a pass over labelled samples measures.
type Metrics struct {
	Loss    float64 // mean over the samples; a cross-entropy is in nats
	Correct int     // samples whose greatest output is their label's; 0 without classes
	Count   int     // samples
}

// ErrNotFinite is wrapped by the errors of a step that met NaN or ±Inf.
var ErrNotFinite = errors.New("not finite")

// pass is a graph that computes the loss of batches of a fixed size.
type pass struct {
	model  *Model
	vm     gorgonia.VM
	x      *tensor.Dense
	loss   *lossOp        // apart: its node must not hold the pass, whose machine has a finalizer
	y      *gorgonia.Node // the network's output, N × classes
	memory *node.Memory
	// The nodes of the units' outputs, and of their products before batch norm.
	outputs, products map[*unit]*gorgonia.Node
}

// pass adds all units and the loss.
func (b *builder) pass() (p *pass, loss *gorgonia.Node, err error) {
	if b.batch < 1 {
		return nil, nil, fmt.Errorf("graph: batch of %d: want at least 1", b.batch)
	}
	m := b.model
	x, value := b.input(m.source)
	p = &pass{model: m, x: value, loss: new(lossOp), outputs: b.outputs, products: b.products}
	if p.y, err = b.network(m, x); err != nil {
		return nil, nil, err
	}
	loss, err = p.loss.add(m.network.Loss, p.y, x)
	return p, loss, err
}

// compile makes the machine that runs the graph, after which the values of the
// kept nodes and the output's are valid. Gorgonia panics if it cannot compile it.
func (p *pass) compile(b *builder, kept ...*gorgonia.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("graph: Gorgonia cannot compile the graph: %v", r)
		}
	}()
	if kept = append(kept, p.y); b.whole {
		kept = b.graph.AllNodes()
	}
	if p.memory, err = node.Share(b.graph, kept...); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	p.vm = gorgonia.NewTapeMachine(b.graph, gorgonia.WithEngine(node.Engine{}))
	return nil
}

// Memory is the greatest number of bytes of values that are needed at the same time:
// parameters, activations, gradients. The operators' own buffers may take as much again.
func (p *pass) Memory() int64 { return slices.Max(p.memory.Live()) }

// Live is the bytes of values that are needed at each step of the graph. Passes of the same
// kind for other batches have the same steps.
func (p *pass) Live() []int64 { return p.memory.Live() }

// Close frees the machine.
func (p *pass) Close() error { return p.vm.Close() }

// load takes a batch.
func (p *pass) load(x []float32, labels []int32) error {
	in := p.x.Float32s()
	if len(x) != len(in) {
		return fmt.Errorf("graph: batch of %d numbers: want %d", len(x), len(in))
	}
	if len(labels) != len(p.loss.labels) {
		return fmt.Errorf("graph: batch of %d labels: want %d", len(labels), len(p.loss.labels))
	}
	inBlocks(len(in), func(from, to int) { copy(in[from:to], x[from:to]) })
	copy(p.loss.labels, labels)
	return nil
}

// run computes the loaded batch.
func (p *pass) run() (m Metrics, err error) {
	defer p.vm.Reset()
	p.loss.loss = 0
	if err = node.Run(p.vm); err != nil && p.loss.finite() {
		err = fmt.Errorf("graph: %w", err)
	} else {
		m, err = metrics(p.loss.loss, p.loss.correct, p.loss.labels)
	}
	if err != nil {
		err = cmp.Or(p.diagnose(), err)
	}
	return m, err
}

// diagnose names the first tensor that is not finite: input, parameter, or one
// of the nodes of a layer whose value is still there.
func (p *pass) diagnose() error {
	if n := nonFinite(p.x.Float32s()); n > 0 {
		return fmt.Errorf("graph: %d values of the input are %w", n, ErrNotFinite)
	}
	if err := p.model.finite(); err != nil {
		return err
	}
	for _, u := range p.model.units {
		count := 0
		for _, n := range p.values(u) {
			if p.memory.Holds(n) {
				count += nonFinite(floats(n))
			}
		}
		if count > 0 {
			return fmt.Errorf("graph: %d outputs of layer %s are %w", count, u.name(), ErrNotFinite)
		}
	}
	return nil
}

// values are the nodes of a unit that diagnose looks at.
func (p *pass) values(u *unit) gorgonia.Nodes {
	return slices.DeleteFunc(gorgonia.Nodes{p.products[u], p.outputs[u]},
		func(n *gorgonia.Node) bool { return n == nil })
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

// Measure computes the metrics of the model's outputs y, N × C·H·W, such as
// those of an engine that runs the frozen model: x is the inputs, N H W C, and
// labels are −1 for samples that only fill the batch.
func (m *Model) Measure(y, x []float32, labels []int32) (Metrics, error) {
	n, pixels := len(labels), m.in.H*m.in.W
	if len(y) != n*m.Classes() || len(x) != n*m.in.Size() {
		return Metrics{}, fmt.Errorf("graph: %d outputs of %d numbers for %d labels: want %d and %d",
			len(y), len(x), n, n*m.Classes(), n*m.in.Size())
	}
	if m.network.Loss == MeanSquare && pixels > 1 && m.in.C > 1 {
		moved := make([]float32, len(x))
		transpose(moved, x, n, pixels, m.in.C)
		x = moved
	}
	loss, correct := m.network.Loss.of(nil, y, x, labels)
	return metrics(loss, correct, labels)
}

// MeasureWith is [Model.Measure] with a loss of the caller's, for any outputs.
func MeasureWith(f LossFunc, y []float32, labels []int32) (Metrics, error) {
	loss, correct := f(make([]float32, len(y)), y, labels)
	return metrics(loss, correct, labels)
}

// metrics fails if the loss is not finite.
func metrics(loss float64, correct int, labels []int32) (Metrics, error) {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return Metrics{}, fmt.Errorf("graph: the loss is %w", ErrNotFinite)
	}
	return Metrics{Loss: loss, Correct: correct, Count: counted(labels)}, nil
}

// DOT is the Gorgonia graph of a training step of the given batch size, in
// Graphviz's language.
func (m *Model) DOT(batch int, quantized bool) (string, error) {
	b := newBuilder(m, batch, quantized)
	if _, _, err := b.pass(); err != nil {
		return "", err
	}
	text := b.graph.ToDot()
	if text == "" {
		return "", fmt.Errorf("graph: Gorgonia drew nothing")
	}
	return text, nil
}
