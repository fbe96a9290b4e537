package carray

import (
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
	q               []int32 // weights less their zero points, O C H W
	bias            []int32

	// If a weight minus its zero point does not fit int8, weights are stored as
	// they are, unsigned ones reduced by 128, and zeros[o] times the sum of
	// inputs is subtracted from each sum.
	zeros []int32
}

func newProduct(n *quantized.Node, x *value) *product {
	w := n.Weights
	p := &product{outputs: w.Shape[0], groups: max(1, n.Groups), q: make([]int32, w.Len()),
		bias: make([]int32, w.Shape[0])}
	if n.Bias != nil {
		copy(p.bias, n.Bias.Q)
	}
	zeros, fit := make([]int32, p.outputs), true
	for i := range p.q {
		o := i / p.inputs()
		if w.Zero != nil {
			zeros[o] = w.Zero[w.ScaleIndex(i)]
		}
		p.q[i] = w.Value(i) - zeros[o]
		p.bias[o] -= x.grid.zero * p.q[i]
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

// byTaps are the weights of a depthwise convolution, KH KW O.
func (p *product) byTaps(w []int32) []int32 {
	all := make([]int32, 0, len(w))
	for i := range p.inputs() {
		for o := range p.outputs {
			all = append(all, w[o*p.inputs()+i])
		}
	}
	return all
}

// most is how many products of two bytes certainly fit int32, in whole blocks.
const most = 32768

// block is how many inputs of an output lie side by side.
const block = 4

// paired are weights as the loop over two outputs reads them: w + 128, of four
// inputs those of one output, then those of the other; inputs that are left
// over alternate. One word then holds what a processor multiplies at once, and
// loads need one address. An output that is alone in its group is paired with
// weights of 0.
func (p *product) paired(w []int32) []uint8 {
	inputs, group := p.inputs(), p.outputs/p.groups
	whole := inputs - inputs%block
	all := make([]uint8, 0, len(w))
	for first := 0; first < p.outputs; first += group {
		for o := first; o < first+group; o += 2 {
			two := [2][]int32{w[o*inputs:][:inputs], make([]int32, inputs)}
			if o+1 < first+group {
				two[1] = w[(o+1)*inputs:][:inputs]
			}
			for i := range 2 * inputs {
				side, at := i/block%2, i/(2*block)*block+i%block
				if i >= 2*whole {
					side, at = i%2, whole+(i-2*whole)/2
				}
				all = append(all, uint8(two[side][at]+128))
			}
		}
	}
	return all
}
