package graph

import (
	"fmt"
	"math"

	"petrify/quantized"
)

// folded writes the unit's weights with its batch normalisation folded in, from
// the running statistics:
//
//	w'[o,…] = w[o,…]·f[o]        f = γ/√(σ² + ε)
//
// Without batch normalisation they are the parameters themselves. The
// product is in float32, as in training: the same bits are quantized.
func (u *unit) folded(w []float32) {
	cols := len(w) / u.out.C
	for o := range u.out.C {
		f, to := u.factor(o), w[o*cols:(o+1)*cols]
		for i, r := range u.weight.Value[o*cols : (o+1)*cols] {
			to[i] = r * f
		}
	}
}

// foldedBias writes the bias, b'[o] = β[o] − μ[o]·f[o].
func (u *unit) foldedBias(b []float32) {
	if u.norm == nil {
		copy(b, u.bias.Value)
		return
	}
	for o := range b {
		b[o] = float32(float64(u.norm.beta.Value[o]) - float64(float64(u.norm.mean[o])*float64(u.factor(o))))
	}
}

// factor is f of a channel, by which its weights are multiplied before they are
// quantized.
func (u *unit) factor(o int) float32 {
	if u.norm == nil {
		return 1
	}
	return foldFactor(u.norm.gamma.Value[o], u.norm.sigma(o))
}

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
