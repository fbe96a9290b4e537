package graph

import (
	"fmt"
	"math"
)

// folded writes the unit's weights and bias with its batch normalisation
// folded in, from the running statistics:
//
//	w'[o,…] = w[o,…]·f[o]        b'[o] = β[o] − μ[o]·f[o]        f = γ/√(σ² + ε)
//
// Without batch normalisation they are the parameters themselves. The
// product is in float32, as in training: the same bits are quantized.
func (u *unit) folded(w, b []float32) {
	if u.norm == nil {
		copy(w, u.weight.Value)
		copy(b, u.bias.Value)
		return
	}
	cols := len(w) / len(b)
	for o := range b {
		f := foldFactor(u.norm.gamma.Value[o], u.norm.sigma(o))
		b[o] = float32(float64(u.norm.beta.Value[o]) - float64(u.norm.mean[o])*float64(f))
		for i := o * cols; i < (o+1)*cols; i++ {
			w[i] = u.weight.Value[i] * f
		}
	}
}

// requant is the arithmetic of a quantized unit behind its int32 sums:
//
//	y = clip(rne(acc·m[o]) + z)        m[o] = float32(float32(s_in·s_w[o])/s_out)
//
// with the bias as int32 of scale s_in·s_w[o] and zero point 0.
type requant struct {
	bias      []int32
	biasScale []float32
	m         []float32
}

// newRequant computes them from the scales. A bias that does not fit is an
// error: nothing in a frozen model saturates in silence.
func newRequant(bias []float32, in float32, weights []float32, out float32) (requant, error) {
	r := requant{make([]int32, len(bias)), make([]float32, len(bias)), make([]float32, len(bias))}
	for o, b := range bias {
		s := in * weights[o%len(weights)]
		q := math.RoundToEven(float64(b) / float64(s))
		if !(math.Abs(q) <= math.MaxInt32) {
			return r, fmt.Errorf("bias %v of channel %d does not fit int32 at scale %v", b, o, s)
		}
		r.bias[o], r.biasScale[o], r.m[o] = int32(q), s, s/out
	}
	return r, nil
}
