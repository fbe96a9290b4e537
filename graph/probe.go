package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/internal/node"
)

// Probe runs the quantized network forward over batches of a fixed size and
// counts which activations lie outside the ranges of their quantizers. Nothing
// in the model moves, and training steps are not affected.
//
// Between the quantizers it computes in float32, because integers do not show
// what was clipped: it sees the activations of a training step, with batch
// norm's running statistics.
type Probe struct {
	model  *Model
	vm     gorgonia.VM
	x      *tensor.Dense
	counts *clippings // apart: the nodes must not hold the Probe, whose machine has a finalizer
}

// clippings are the counts, in the order of the units.
type clippings []*Clipping

// Clipping is how many elements of an activation were clipped: they round to
// an integer beyond qmin..qmax.
type Clipping struct {
	Tensor         string // the name of the quantizer, which activations may share
	Clipped, Count int64

	quantizer *fakequant.Quantizer
}

// Share is the share that was clipped, 0 to 1.
func (c Clipping) Share() float64 {
	if c.Count == 0 {
		return 0
	}
	return float64(c.Clipped) / float64(c.Count)
}

// Probe builds the graph.
func (m *Model) Probe(batch int) (*Probe, error) {
	if batch < 1 {
		return nil, fmt.Errorf("graph: batch of %d: want at least 1", batch)
	}
	p := &Probe{model: m, counts: new(clippings)}
	b := newBuilder(m, batch, true)
	b.evaluates, b.plainly, b.counted = true, true, p.counts.apply
	x, value := b.input(m.in)
	p.x = value
	if _, err := b.network(m, x); err != nil {
		return nil, err
	}
	var err error
	p.vm, err = compile(b.graph)
	return p, err
}

// apply adds y = q.Apply(x), which counts what it clips.
func (all *clippings) apply(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	c := all.of(q)
	return node.Apply(node.Spec{
		Name:  q.Name() + "/counted",
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			n, err := q.Clipped(in[0])
			if err != nil {
				return err
			}
			c.Clipped += int64(n)
			c.Count += int64(len(y))
			return q.Apply(y, in[0])
		},
	}, x)
}

// of is the quantizer's count.
func (all *clippings) of(q *fakequant.Quantizer) *Clipping {
	for _, c := range *all {
		if c.quantizer == q {
			return c
		}
	}
	c := &Clipping{Tensor: q.Name(), quantizer: q}
	*all = append(*all, c)
	return c
}

// Run adds a batch to the counts: x is N H W C, normalised.
func (p *Probe) Run(x []float32) error {
	in := p.x.Float32s()
	if len(x) != len(in) {
		return fmt.Errorf("graph: batch of %d numbers: want %d", len(x), len(in))
	}
	copy(in, x)
	defer p.model.rest()()
	defer p.vm.Reset()
	if err := p.vm.RunAll(); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	return nil
}

// Clipping returns the counts over all batches since the start.
func (p *Probe) Clipping() (all []Clipping) {
	for _, c := range *p.counts {
		all = append(all, *c)
	}
	return all
}

// Close frees the machine.
func (p *Probe) Close() error { return p.vm.Close() }
