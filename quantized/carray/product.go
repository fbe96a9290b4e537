package carray

import (
	"fmt"
	"math"

	"petrify/quantized"
)

// product is what a weighted layer multiplies:
//
//	a[o] = Σ (q_x − zero)·q_w + bias[o]
//
// where zero is z_x, or 0 where the bias holds −z_x·Σ q_w: in a layer without
// padding, whose inputs are all there.
type product struct {
	outputs int
	q       []int32 // weights less their zero points
	bias    []int64
	zero    int32

	// Where a weight less its zero point does not fit int8, weights are as they
	// are, unsigned ones less 128, and zeros[o] times the sum of inputs is taken
	// from each sum.
	zeros []int32
}

func newProduct(n *quantized.Node, x *value) (*product, error) {
	w := n.Weights
	p := &product{outputs: w.Shape[0], q: make([]int32, w.Len()), bias: make([]int64, w.Shape[0]), zero: x.grid.zero}
	if n.Bias != nil {
		for o, b := range n.Bias.Q {
			p.bias[o] = int64(b)
		}
	}
	zeros, fit := make([]int32, p.outputs), true
	for i := range p.q {
		o := i / p.inputs()
		if w.Zero != nil {
			zeros[o] = w.Zero[w.ScaleIndex(i)]
		}
		p.q[i] = w.Value(i) - zeros[o]
		fit = fit && p.q[i] == int32(int8(p.q[i]))
	}
	folded := p.folded()
	if !fit {
		p.move(zeros, w.Format.Unsigned)
	}
	padded := n.Window.PadBegin != [2]int{} || n.Window.PadEnd != [2]int{}
	if !padded && p.fits(folded, x.grid.min, x.grid.max) {
		p.bias, p.zero = folded, 0
	}
	if !p.fits(p.bias, x.grid.min-p.zero, x.grid.max-p.zero) {
		return nil, fmt.Errorf("its sums may exceed int32 on the way, as weights have zero points: want " +
			"weights without")
	}
	return p, nil
}

// inputs is how many products make an output.
func (p *product) inputs() int { return len(p.q) / p.outputs }

// folded is the biases with −zero·Σ q_w.
func (p *product) folded() []int64 {
	all := append([]int64(nil), p.bias...)
	for i, q := range p.q {
		all[i/p.inputs()] -= int64(p.zero) * int64(q)
	}
	return all
}

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

// fits reports whether no sum of some of the products, with the given biases
// and inputs less zero of lo..hi, exceeds int32.
func (p *product) fits(bias []int64, lo, hi int32) bool {
	for o, b := range bias {
		least, greatest := min(b, 0), max(b, 0)
		for _, q := range p.q[o*p.inputs() : (o+1)*p.inputs()] {
			a, b := int64(lo)*int64(q), int64(hi)*int64(q)
			least, greatest = least+min(a, b, 0), greatest+max(a, b, 0)
			if p.zeros != nil {
				a, b = -int64(lo)*int64(p.zeros[o]), -int64(hi)*int64(p.zeros[o])
				least, greatest = least+min(a, b, 0), greatest+max(a, b, 0)
			}
		}
		if least < math.MinInt32 || greatest > math.MaxInt32 {
			return false
		}
	}
	return true
}

// place is where weight i lies in memory. Those of a convolution are O KH KW I
// rather than O I KH KW, as images are H W C; those of a linear layer after a
// flattened image follow its pixels.
func (p *product) place(n *quantized.Node, i, planes int) int {
	inputs := p.inputs()
	o, at := i/inputs, i%inputs // at: in C H W
	if n.Op == quantized.Conv2D {
		planes = inputs / n.Weights.Shape[1]
	}
	return o*inputs + at%planes*(inputs/planes) + at/planes
}
