package reference

import (
	"math"

	"petrify/quantized"
)

// Tensor is an activation for one input, in the order C H W: integers if it is
// quantized, float32 otherwise.
type Tensor struct {
	quantized.Activation
	Q []int64
	R []float32

	lo, hi    float64   // what the integers are clipped to
	low, high []float32 // of sums of real products: see Allows
}

// newTensor makes an empty tensor; a fused ReLU limits its integers.
func newTensor(a quantized.Activation, fused quantized.Func) *Tensor {
	t := &Tensor{Activation: a}
	if q := a.Quant; !q.IsFloat() {
		t.lo, t.hi = float64(q.Format.Min()), float64(q.Format.Max())
		if fused == quantized.ReLU || fused == quantized.ReLU6 {
			t.lo = max(t.lo, float64(q.Zero))
		}
		if fused == quantized.ReLU6 {
			t.hi = min(t.hi, rne(6/q.Scale)+float64(q.Zero))
		}
	}
	return t
}

// Of is an activation with the real numbers r, quantized if the activation is.
func Of(a quantized.Activation, r []float32) *Tensor {
	t := newTensor(a, quantized.Identity)
	for _, r := range r {
		t.putReal(r)
	}
	return t
}

// Len is the number of elements.
func (t *Tensor) Len() int { return len(t.Q) + len(t.R) }

// Real is element i as a real number, r = float32(s·(q − z)).
func (t *Tensor) Real(i int) float32 {
	if t.Quant.IsFloat() {
		return t.R[i]
	}
	return float32(t.Quant.Scale * float32(t.centred(i)))
}

// centred is d = q − z of element i.
func (t *Tensor) centred(i int) int64 { return t.Q[i] - int64(t.Quant.Zero) }

// rne rounds half to even.
func rne(v float32) float64 { return math.RoundToEven(float64(v)) }

// clip is q = clip(v + z) of a whole number v; NaN gives the least.
func (t *Tensor) clip(v float64) int64 {
	if q := v + float64(t.Quant.Zero); q >= t.lo {
		return int64(min(q, t.hi))
	}
	return int64(t.lo)
}

// put appends q = clip(v + z).
func (t *Tensor) put(v float64) { t.Q = append(t.Q, t.clip(v)) }

// putReal appends r, as q = clip(rne(r/s) + z) if the tensor is quantized.
func (t *Tensor) putReal(r float32) {
	if t.Quant.IsFloat() {
		t.R = append(t.R, r)
		return
	}
	t.put(rne(r / t.Quant.Scale))
}

// kept is r rounded to the tensor's grid, if it has one.
func (t *Tensor) kept(r float32) float32 {
	if t.Quant.IsFloat() {
		return r
	}
	return float32(t.Quant.Scale * float32(t.clip(rne(r/t.Quant.Scale))-int64(t.Quant.Zero)))
}

// Allows reports whether an implementation may give the real number r for
// element i. It allows only the definition's number, unless the layer sums
// products of real numbers: n products and a bias, added in float32 in any
// order, are within γ·(Σ |x·w| + |b|) of their exact sum, γ = (n+1)·u/(1 −
// (n+1)·u), u = 2⁻²⁴.
func (t *Tensor) Allows(i int, r float32) bool {
	if t.low == nil {
		return r == t.Real(i)
	}
	return t.low[i] <= r && r <= t.high[i]
}
