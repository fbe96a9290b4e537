package coreml

import (
	"math"
	"slices"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// units are the units of the numbers within a layer. A scale that is a power of
// two multiplies and divides without rounding. So dequantize uses a power of
// two near the scale of its input as the unit, and the rest of the layer
// follows: the weights' scales, the bias, the scale of quantize. The integers
// are the same in any unit.
type units struct {
	in  []float64 // scales of the inputs' dequantize
	out float64   // scale of the result's quantize
	per float64   // units of the result to 1

	sums bool // products are of integers, and their sums are scaled: see sumsFirst
}

// unitsOf chooses a layer's units:
//
//	layers with weights   u_x in, u_y out; s_w·(s_x/u_x)·(u_y/s_y) scales the weights
//	others                those of the first input: s_i·(u/s) in, s_y·(u/s) out
//
// where u is the power of two next to s. In float32, layers with weights multiply
// and add integers instead (in = out = 1, the weights' scales 1), and each sum is
// multiplied by s_x·s_w/s_y. Numbers that are not quantized stay as they are, and
// so do arguments and results of functions that are not homogeneous, and of products.
func (b *builder) unitsOf(n *quantized.Node) units {
	u, y := units{per: 1, out: float64(n.Output.Quant.Scale)}, n.Output.Quant
	whole := !y.IsFloat() && homogeneous(n.Func) && n.Op != quantized.Mul
	for _, name := range n.Inputs {
		x := b.tensors[name].Quant
		whole = whole && (n.Weights != nil || !x.IsFloat())
		u.in = append(u.in, float64(x.Scale))
	}
	if b.sumsFirst(n) {
		return units{in: []float64{1}, out: 1, per: 1 / u.out, sums: true}
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

// sumsFirst reports whether a layer sums integers and then scales: exactly as the
// integer engine does, in whatever order, as float32 has all integers of 24 bits.
// In float16, of 11 bits, that would lose more.
func (b *builder) sumsFirst(n *quantized.Node) bool {
	if b.float != mil.Float32 || n.Weights == nil || n.Weights.Q == nil || n.Weights.Block > 0 ||
		n.Output.Quant.IsFloat() || !b.tensors[n.Inputs[0]].quantized() {
		return false
	}
	return n.Bias == nil || !slices.ContainsFunc(n.Bias.Q, func(q int32) bool { return q < -1<<24 || q > 1<<24 })
}

// scaled multiplies sums of integers: m = float32(float32(s_x·s_w)/s_y).
func (b *builder) scaled(n *quantized.Node, sum string, t mil.Type) string {
	x, w := b.tensors[n.Inputs[0]].Quant, n.Weights
	m, shape := make([]float64, len(w.Scale)), []int(nil)
	for o, s := range w.Scale {
		m[o] = float64(float32(x.Scale*s) / n.Output.Quant.Scale)
	}
	if len(m) > 1 {
		shape = append([]int{1, len(m)}, make([]int, len(n.Output.Shape)-1)...)
		for i := range shape[2:] {
			shape[2+i] = 1
		}
	}
	return b.emit("mul", b.resultName(n, "mul"), t, param{"x", sum},
		param{"y", b.store("sums, scale", b.float, shape, m)})
}

// homogeneous reports whether f(c·r) = c·f(r) for every c > 0, apart from a
// bound.
func homogeneous(f quantized.Func) bool {
	switch f {
	case quantized.Identity, quantized.ReLU, quantized.ReLU6, quantized.LeakyReLU:
		return true
	}
	return false
}

// unit is the power of two nearest to s, by their quotient, among the normal
// float16s.
func unit(s float64) float64 {
	fraction, e := math.Frexp(s)
	if fraction < math.Sqrt2/2 {
		e--
	}
	return math.Ldexp(1, min(max(e, -14), 15))
}
