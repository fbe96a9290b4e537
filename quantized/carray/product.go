package carray

import "petrify/quantized"

// product is what a weighted layer multiplies:
//
//	a[o] = Σ q_x·q_w − zero·Σ q_w + bias[o]
//
// where zero is z_x, or 0 if the bias includes −z_x·Σ q_w, as in a layer
// without padding, where every output sees all of its inputs. Sums are modulo
// 2³²: since a[o] fits int32, nothing is lost if intermediate sums do not.
//
// The C code computes Σ q_x·q_w and Σ q_w separately, because gcc 12 compiles Σ
// (q_x − zero)·q_w to a VNNI or i8mm instruction that computes something else.
type product struct {
	outputs int
	q       []int32 // weights less their zero points
	bias    []int32
	zero    int32

	// If a weight minus its zero point does not fit int8, weights are stored as
	// they are, unsigned ones reduced by 128, and zeros[o] times the sum of
	// inputs is subtracted from each sum.
	zeros []int32
}

func newProduct(n *quantized.Node, x *value) *product {
	w := n.Weights
	p := &product{outputs: w.Shape[0], q: make([]int32, w.Len()), bias: make([]int32, w.Shape[0])}
	if n.Bias != nil {
		copy(p.bias, n.Bias.Q)
	}
	padded := n.Window.PadBegin != [2]int{} || n.Window.PadEnd != [2]int{}
	if padded {
		p.zero = x.grid.zero
	}
	zeros, fit := make([]int32, p.outputs), true
	for i := range p.q {
		o := i / p.inputs()
		if w.Zero != nil {
			zeros[o] = w.Zero[w.ScaleIndex(i)]
		}
		p.q[i] = w.Value(i) - zeros[o]
		if !padded {
			p.bias[o] -= x.grid.zero * p.q[i]
		}
		fit = fit && p.q[i] == int32(int8(p.q[i]))
	}
	if !fit {
		p.move(zeros, w.Format.Unsigned)
	}
	return p
}

// inputs is the number of products in an output.
func (p *product) inputs() int { return len(p.q) / p.outputs }

// move undoes the subtraction of the zero points.
func (p *product) move(zeros []int32, unsigned bool) {
	var shift int32
	if unsigned {
		shift = 128
	}
	for i := range p.q {
		p.q[i] += zeros[i/p.inputs()] - shift
	}
	for o := range zeros {
		zeros[o] -= shift
	}
	p.zeros = zeros
}

// place is the position of weight i in memory. Those of a convolution are O KH
// KW I rather than O I KH KW, as images are H W C; those of a linear layer
// after a flattened image follow its pixels.
func (p *product) place(n *quantized.Node, i, planes int) int {
	inputs := p.inputs()
	o, at := i/inputs, i%inputs // at: in C H W
	if n.Op == quantized.Conv2D {
		planes = inputs / n.Weights.Shape[1]
	}
	return o*inputs + at%planes*(inputs/planes) + at/planes
}
