package carray

import (
	"math"
	"slices"

	"petrify/quantized"
)

// product is what a weighted layer multiplies:
//
//	a[o] = Σ q_x·q_w + bias[o]        bias[o] = q_b[o] − z_x·Σ q_w
//
// where q_x is z_x outside the image. Sums are modulo 2³²: since a[o] fits int32, nothing is
// lost if intermediate sums do not.
type product struct {
	outputs, groups int
	bits            int     // that a weight takes: 8, 4 or 2
	step            int32   // what packed weights are multiples of, and are divided by
	q               []int32 // weights less their zero points, O C H W: signed numbers of these bits
	bias            []int32

	// If a weight minus its zero point does not fit these bits, weights are
	// stored as they are, unsigned ones reduced by half of their range, and
	// zeros[o] times the sum of inputs is subtracted from each sum.
	zeros []int32
}

// bitsOf are the bits that weights take: the next power of two, from 2 on, if
// they are packed.
func bitsOf(w *quantized.Weights, pack bool) int {
	switch {
	case !pack || w.Format.Bits > 4:
		return 8
	case w.Format.Bits > 2:
		return 4
	}
	return 2
}

// Packs reports whether a model has weights that are packed unless [Options] say otherwise.
func Packs(m *quantized.Model) bool {
	return slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool {
		w := n.Weights
		return w != nil && w.Q != nil && w.Block == 0 && bitsOf(w, true) < 8
	})
}

func newProduct(n *quantized.Node, x *value, pack bool) *product {
	w := n.Weights
	p := &product{outputs: w.Shape[0], groups: max(1, n.Groups), bits: bitsOf(w, pack), step: 1,
		q: make([]int32, w.Len()), bias: make([]int32, w.Shape[0])}
	if n.Bias != nil {
		copy(p.bias, n.Bias.Q)
	}
	if p.bits < 8 {
		p.step = max(1, w.Step)
	}
	zeros, fit := make([]int32, p.outputs), true
	for i := range p.q {
		o := i / p.inputs()
		if w.Zero != nil {
			zeros[o] = w.Zero[w.ScaleIndex(i)]
		}
		p.q[i] = (w.Value(i) - zeros[o]) / p.step
		p.bias[o] -= x.grid.zero * p.q[i] * p.step
		fit = fit && -p.offset() <= p.q[i] && p.q[i] < p.offset()
	}
	if !fit {
		p.move(zeros, w.Format.Unsigned)
	}
	return p
}

// offset makes weights unsigned.
func (p *product) offset() int32 { return 1 << (p.bits - 1) }

// inputs is the number of products in an output.
func (p *product) inputs() int { return len(p.q) / p.outputs }

// bound is what no sum exceeds in magnitude.
func (p *product) bound() int64 {
	most := int64(0)
	for o, b := range p.bias {
		sum := max(int64(b), -int64(b))
		for _, q := range p.q[o*p.inputs():][:p.inputs()] {
			if p.zeros != nil {
				q -= p.zeros[o]
			}
			sum += math.MaxUint8 * int64(max(q, -q)) * int64(p.step)
		}
		most = max(most, sum)
	}
	return most
}

// move undoes the subtraction of the zero points.
func (p *product) move(zeros []int32, unsigned bool) {
	var shift int32
	if unsigned {
		shift = p.offset()
	}
	for i := range p.q {
		p.q[i] += zeros[i/p.inputs()]/p.step - shift
	}
	for o := range zeros {
		zeros[o] = zeros[o]/p.step - shift
	}
	p.zeros = zeros
}

// turned are the weights in the order in which images lie in memory: those of a
// convolution are O KH KW I rather than O I KH KW, as images are H W C; those of
// a linear layer after a flattened image of planes pixels follow its pixels.
func (p *product) turned(n *quantized.Node, planes int) []int32 {
	inputs := p.inputs()
	if n.Op == quantized.Conv2D {
		planes = inputs / n.Weights.Shape[1]
	}
	all := make([]int32, len(p.q))
	for i, q := range p.q {
		o, at := i/inputs, i%inputs // at: in C H W
		all[o*inputs+at%planes*(inputs/planes)+at/planes] = q
	}
	return all
}
