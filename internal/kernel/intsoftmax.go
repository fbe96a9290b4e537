package kernel

import (
	"math"
	"slices"

	"petrify/internal/portable"
)

// Softmax is the constants of [SoftmaxBytes]. [NewSoftmax] makes them.
type Softmax struct {
	exp            [256]float32 // exp[d]: of an input that is d steps below its row's greatest
	levels         float32      // steps of y from 0 to 1
	zero, min, max float32
	features       int
}

// NewSoftmax is for rows of the given number of features, inputs of scale sx,
// and outputs of scale sy and zero point zero, in min..max.
func NewSoftmax(features int, sx, sy float32, zero, min, max int32) *Softmax {
	k := &Softmax{zero: float32(zero), min: float32(min), max: float32(max), features: features}
	k.exp, k.levels = Exponentials(features, sx, sy)
	return k
}

// Exponentials are the constants of a softmax of integers:
//
//	exp[d] = float32(exp((h/s_x − d)·s_x))        levels = 1/s_y
//
// h raises the exponentials, so that fewer underflow float32; their sum stays
// below e⁻⁵ times the greatest float32. It cancels in the quotient, except in
// its last bit:
//
//	h = float32(ln(float32(MaxFloat32/F))) − 5
//
// If exp[0]·levels overflows nevertheless, which requires F < levels/e⁵, h is
// smaller by ln levels.
func Exponentials(features int, sx, sy float32) (exp [256]float32, steps float32) {
	steps = levels(sy)
	h := float64(float32(portable.Log(float64(math.MaxFloat32/float32(features))))) - 5
	if math.IsInf(float64(float32(portable.Exp(h))*steps), 1) {
		h -= portable.Log(float64(steps))
	}
	s := float64(sx)
	for d := range exp {
		exp[d] = float32(portable.Exp((h/s - float64(d)) * s))
	}
	return exp, steps
}

// levels is 1/s; for s = float32(1/n), where float32(1/s) may miss n by a bit,
// it is n.
func levels(s float32) float32 {
	if n := float32(math.Round(float64(1 / s))); float32(1/n) == s {
		return n
	}
	return 1 / s
}

// SoftmaxBytes is the softmax of each row of a quantized tensor N × F,
// requantized:
//
//	e[f] = exp[max x[n] − x[n,f]]
//	y[n,f] = clip(rne(float32(e[f]·levels)/Σ e) + z, qmin, qmax)
//
// in float32, the sum in the order of the features: the arithmetic of ONNX
// Runtime's QLinearSoftmax, for scales s_y = 1/levels. y may be x.
func SoftmaxBytes(y, x []uint8, k *Softmax) {
	checkLen("SoftmaxBytes", "y", len(y), len(x))
	rows := len(x) / k.features
	checkLen("SoftmaxBytes", "x", len(x), rows*k.features)
	rowBlocks(rows, k.features, func(from, to int) {
		for lo := from * k.features; lo < to*k.features; lo += k.features {
			k.row(y[lo:lo+k.features], x[lo:lo+k.features])
		}
	})
}

func (k *Softmax) row(y, x []uint8) {
	greatest := slices.Max(x)
	var sum float32
	for _, q := range x {
		sum += k.exp[greatest-q]
	}
	for i, q := range x {
		v := float32(k.exp[greatest-q]*k.levels) / sum
		v = float32(math.RoundToEven(float64(v))) + k.zero
		y[i] = uint8(min(max(v, k.min), k.max))
	}
}
