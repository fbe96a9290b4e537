package graph

import (
	"fmt"
	"math"

	"petrify/quantized"
)

// folded writes the unit's weights and bias with its batch normalisation
// folded in, from the running statistics:
//
//	w'[o,…] = w[o,…]·f[o]        b'[o] = β[o] − μ[o]·f[o]        f = γ/√(σ² + ε)
//
// Without batch normalisation they are the parameters themselves. The
// product is in float32, as in training: the same bits are quantized.
func (u *unit) folded(w, b []float32) {
	u.foldedBias(b)
	if u.norm == nil {
		copy(w, u.weight.Value)
		return
	}
	cols := len(w) / len(b)
	for o := range b {
		f := u.norm.factor(o)
		for i := o * cols; i < (o+1)*cols; i++ {
			w[i] = u.weight.Value[i] * f
		}
	}
}

// foldedBias writes the bias alone.
func (u *unit) foldedBias(b []float32) {
	if u.norm == nil {
		copy(b, u.bias.Value)
		return
	}
	for o := range b {
		b[o] = float32(float64(u.norm.beta.Value[o]) - float64(u.norm.mean[o])*float64(u.norm.factor(o)))
	}
}

// factor is γ/√(σ² + ε) of a channel.
func (n *batchNorm) factor(o int) float32 { return foldFactor(n.gamma.Value[o], n.sigma(o)) }

// integerBias is the bias as int32 of scale s[o] = float32(s_in·s_w[o]) and
// zero point 0. A bias that does not fit is an error: nothing in a frozen model
// saturates silently.
func integerBias(bias []float32, in float32, weights []float32) (*quantized.Bias, error) {
	b := &quantized.Bias{Q: make([]int32, len(bias)), Scale: make([]float32, len(bias))}
	for o, r := range bias {
		s := in * weights[o%len(weights)]
		q := math.RoundToEven(float64(r) / float64(s))
		if !(math.Abs(q) <= math.MaxInt32) {
			return nil, fmt.Errorf("bias %v of channel %d does not fit int32 at scale %v", r, o, s)
		}
		b.Q[o], b.Scale[o] = int32(q), s
	}
	return b, nil
}
