package coreml

import (
	"math"

	"petrify/quantized"
)

// units are what the numbers within a layer count. A scale that is a power of two
// multiplies and divides without rounding. So dequantize counts in a power of
// two near the scale of what it reads, and the rest of the layer follows: the
// weights' scales, the bias, the scale of quantize. Its integers are the same in
// any unit.
type units struct {
	in  []float64 // scales of the inputs' dequantize
	out float64   // scale of the result's quantize
	per float64   // units of the result to 1
}

// unitsOf chooses a layer's units:
//
//	layers with weights   u_x in, u_y out; s_w·(s_x/u_x)·(u_y/s_y) scales the weights
//	others                those of the first input: s_i·(u/s) in, s_y·(u/s) out
//
// where u is the power of two next to s. Numbers that are not quantized stay
// as they are, and so does what enters and leaves a function of no simple form.
func (b *builder) unitsOf(n *quantized.Node) units {
	u, y := units{per: 1, out: float64(n.Output.Quant.Scale)}, n.Output.Quant
	whole := !y.IsFloat() && homogeneous(n.Func)
	for _, name := range n.Inputs {
		x := b.tensors[name].Quant
		whole = whole && (n.Weights != nil || !x.IsFloat())
		u.in = append(u.in, float64(x.Scale))
	}
	reference := u.in[0]
	if n.Weights != nil {
		u.in[0], reference = unit(reference), u.out
	}
	if !whole {
		return u
	}
	u.per = unit(reference) / reference
	u.out *= u.per
	for i := range u.in {
		if n.Weights == nil {
			u.in[i] *= u.per
		}
	}
	return u
}

// homogeneous reports whether f(c·r) = c·f(r) for every c > 0, but for a bound.
func homogeneous(f quantized.Func) bool {
	switch f {
	case quantized.Identity, quantized.ReLU, quantized.ReLU6, quantized.LeakyReLU:
		return true
	}
	return false
}

// unit is the power of two next to s, by their quotient, among those that float16
// has in full.
func unit(s float64) float64 {
	fraction, e := math.Frexp(s)
	if fraction < math.Sqrt2/2 {
		e--
	}
	return math.Ldexp(1, min(max(e, -14), 15))
}
