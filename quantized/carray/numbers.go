package carray

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// grid is a tensor's quantizer, moved such that its integers are unsigned
// bytes: a signed format by 128.
//
//	r = scale · (q − zero)        min ≤ q ≤ max
type grid struct {
	scale          float32
	zero, min, max int32
}

// gridOf moves a quantizer whose integers are limited to lo..hi.
func gridOf(q quantized.Quant, lo, hi int32) grid {
	var shift int32
	if !q.Format.Unsigned {
		shift = 128
	}
	return grid{q.Scale, q.Zero + shift, lo + shift, hi + shift}
}

// same reports whether two grids give the same bytes the same meaning.
func (g grid) same(h grid) bool { return g.scale == h.scale && g.zero == h.zero }

func (g grid) quantize(r float32) uint8 {
	q := affine.Quantize(r, g.scale, g.zero, affine.Uint8)
	return uint8(min(max(q, g.min), g.max))
}

// table is q_y = quantize(f(s_x·(q_x − z_x))) for every byte q_x.
func table(x, y grid, f func(float64) float64) []uint8 {
	t := make([]uint8, 256)
	for q := range t {
		r := affine.Dequantize(int32(q), x.scale, x.zero)
		t[q] = y.quantize(float32(f(float64(r))))
	}
	return t
}

// function is n's function of one number.
//
//	hard_swish(x) = x·min(max(0, x+3), 6)/6
func function(n *quantized.Node) func(x float64) float64 {
	switch n.Func {
	case quantized.ReLU:
		return func(x float64) float64 { return max(x, 0) }
	case quantized.ReLU6:
		return func(x float64) float64 { return min(max(x, 0), 6) }
	case quantized.LeakyReLU:
		slope := float64(n.Slope)
		return func(x float64) float64 { return max(x, 0) + slope*min(x, 0) }
	case quantized.HardSwish:
		return func(x float64) float64 { return x * min(max(0, x+3), 6) / 6 }
	case quantized.Sigmoid:
		return func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	default:
		return math.Tanh
	}
}

// fixed is a multiplier in fixed point, q·2^(shift−31) with q in 2³⁰..2³¹−1; the
// zero value is 0. Too small a one is 0, and too great a one 2³⁰, with which
// every sum but 0 is out of any range.
type fixed struct{ q, shift int32 }

func newFixed(m float64) fixed {
	f, shift := math.Frexp(m)
	q := int64(math.Round(f * (1 << 31)))
	if q == 1<<31 {
		q, shift = q/2, shift+1
	}
	switch {
	case shift < -31:
		return fixed{}
	case shift > 30:
		return fixed{math.MaxInt32, 30}
	}
	return fixed{int32(q), int32(shift)}
}

// mantissa is a float32 as q/2^shift, q < 2²⁴. One of 2¹⁶ or more is 2¹⁶: with
// either, every integer but 0 is out of any range. One so small that no int32
// reaches a half is 0.
func mantissa(m float32) (q, shift int32) {
	f, e := math.Frexp(float64(min(m, 1<<16)))
	if e < -32 {
		return 0, 0
	}
	return int32(f * (1 << 24)), int32(24 - e)
}

// split is a float32 as the sum of two, the first of which has 16 significant
// bits: the product of either with a byte is exact.
func split(r float32) (high, low float32) {
	high = math.Float32frombits(math.Float32bits(r) &^ 0xff)
	return high, r - high
}

// exponentials are those of a softmax, by how many steps an input is below the
// row's greatest, and the steps of its output from 0 to 1. They are lifted by h
// so that few vanish:
//
//	e[d] = float32(exp((h/s_x − d)·s_x))        h = float32(ln(float32(MaxFloat32/F))) − 5
//
// less ln levels where their product with the steps would overflow: the
// arithmetic of ONNX Runtime.
func exponentials(features int, sx, sy float32) (e []float32, levels float32) {
	levels = 1 / sy
	if n := float32(math.Round(float64(levels))); float32(1/n) == sy {
		levels = n
	}
	h := float64(float32(math.Log(float64(math.MaxFloat32/float32(features))))) - 5
	if math.IsInf(float64(float32(math.Exp(h))*levels), 1) {
		h -= math.Log(float64(levels))
	}
	e = make([]float32, 256)
	s := float64(sx)
	for d := range e {
		e[d] = float32(math.Exp((h/s - float64(d)) * s))
	}
	return e, levels
}
