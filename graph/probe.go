package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/internal/node"
)

// Probe runs the quantized network forward over batches of a fixed size and
// counts which activations lie outside the ranges of their quantizers, or how
// these suit them ([Probe.Fits]). Nothing in the model moves, and training steps
// are not affected.
//
// Between the quantizers it computes in float32, because integers do not show
// what was clipped: it sees the activations of a training step, with batch
// norm's running statistics.
type Probe struct {
	*pass
	// Apart: the nodes must not hold the Probe, whose machine has a finalizer.
	sights   map[*fakequant.Quantizer]*sight
	detailed *bool
	spare    []float32 // for weights
}

// Clipping is how many elements of an activation were clipped: they round to
// an integer beyond qmin..qmax.
type Clipping struct {
	Tensor         string // the name of the quantizer, which activations may share
	Clipped, Count int64
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
	b, sights, detailed := newBuilder(m, batch, true), map[*fakequant.Quantizer]*sight{}, new(bool)
	b.evaluates, b.plainly = true, true
	b.counted = func(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
		if sights[q] == nil {
			sights[q] = &sight{quantizer: q}
		}
		return sights[q].node(x, detailed)
	}
	p, _, err := b.pass()
	if err != nil {
		return nil, err
	}
	return &Probe{pass: p, sights: sights, detailed: detailed}, p.compile(b)
}

// node adds y = q.Apply(x), which looks at both.
func (s *sight) node(x *gorgonia.Node, detailed *bool) (*gorgonia.Node, error) {
	q := s.quantizer
	return node.Apply(node.Spec{
		Name:  q.Name() + "/counted",
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			if err := q.Apply(y, in[0]); err != nil {
				return err
			}
			return s.look(y, in[0], *detailed)
		},
	}, x)
}

// Run adds a batch to the counts: x is N H W C, normalised.
func (p *Probe) Run(x []float32) error {
	_, err := p.evaluate(x, p.loss.labels)
	return err
}

// Clipping returns the counts over all batches since the start, in the order of
// the layers.
func (p *Probe) Clipping() (all []Clipping) {
	for _, q := range p.model.quantizers() {
		if s := p.sights[q]; s != nil {
			all = append(all, Clipping{q.Name(), s.clipped, s.count})
		}
	}
	return all
}
