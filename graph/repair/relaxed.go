package repair

import (
	"math"

	"petrify/internal/portable"
)

// The paper's constants: h(V) is stretched to ζ − γ, and β falls from first to last
// after a warm-up without regularisation.
const (
	stretchHigh, stretchLow = 1.1, -0.1
	firstBeta, lastBeta     = 20, 2
	warmUp                  = 0.2 // of the iterations
	adaRate                 = 0.01
	adaWeight               = 0.1
)

// Relaxed is weights whose choice between rounding up and down is relaxed to numbers V:
//
//	ŵ = s·(⌊w/s⌋ + h − z)        h = clip(σ(V)·(ζ − γ) + γ, 0, 1)
//
// [Relaxed.Descend] minimises a loss of ŵ with a term that drives every h to 0 or 1:
//
//	L(ŵ) + λ·Σ (1 − |2h − 1|^β)
//
// by Adam, while β falls from 20 to 2. Source: Nagel et al. 2020.
type Relaxed struct {
	scale, zero  []float64 // of each weight
	floor        []float64 // ⌊w/s⌋ + z, at least Min and less than Max
	v, h, slope  []float64 // V, h(V), h'(V)
	mean, square []float64 // Adam's
}

// Relax begins with ŵ = w, as far as the grid reaches; or, given integers, half way between
// w and them, with a choice between them and their neighbours next to w.
func (p *Problem) Relax(from []int32) *Relaxed {
	n := p.Rows * p.Cols
	x := &Relaxed{}
	for _, s := range []*[]float64{&x.floor, &x.v, &x.h, &x.slope, &x.mean, &x.square} {
		*s = make([]float64, n)
	}
	for r := range p.Rows {
		scale, zero := p.Grid.row(r, p.Cols)
		x.scale, x.zero = append(x.scale, scale...), append(x.zero, zero...)
	}
	for i, s := range x.scale {
		steps := p.Weights[i]/s + x.zero[i]
		floor := math.Floor(steps)
		if from != nil {
			q := float64(from[i])
			floor, steps = min(max(floor, q-1), q), (q+min(max(steps, q-0.9), q+0.9))/2
		}
		x.floor[i] = min(max(floor, p.Grid.Min), p.Grid.Max-1)
		fraction := min(max(steps-x.floor[i], 0.01), 0.99)
		x.v[i] = -portable.Log((stretchHigh-stretchLow)/(fraction-stretchLow) - 1)
		x.soften(i)
	}
	return x
}

// soften computes h(V) and its slope.
func (x *Relaxed) soften(i int) {
	σ := 1 / (1 + portable.Exp(-x.v[i]))
	h := float64(σ*(stretchHigh-stretchLow)) + stretchLow
	x.h[i], x.slope[i] = min(max(h, 0), 1), σ*(1-σ)*(stretchHigh-stretchLow)
	if h != x.h[i] {
		x.slope[i] = 0
	}
}

// Weight is ŵ of the kth weight.
func (x *Relaxed) Weight(k int) float64 {
	return float64(x.scale[k] * (x.floor[k] + x.h[k] - x.zero[k]))
}

// Descend is the ith of some steps of Adam, with the paper's default momenta, given the
// loss that counts as 1, and the gradient dL/dŵ of each weight.
func (x *Relaxed) Descend(i, of int, unit float64, gradient func(k int) float64) {
	t := float64(i) / float64(of)
	λ, β := 0.0, 0.0
	if t >= warmUp {
		λ, β = adaWeight, lastBeta+float64((firstBeta-lastBeta)*(1-(t-warmUp)/(1-warmUp)))
	}
	b1, b2 := 1-portable.Power(0.9, i+1), 1-portable.Power(0.999, i+1)
	for k := range x.v {
		d := gradient(k) * x.scale[k] / unit
		if λ > 0 {
			m := 2*x.h[k] - 1
			d -= float64(λ * 2 * β * math.Copysign(portable.Pow(math.Abs(m), β-1), m))
		}
		d = float64(d * x.slope[k])
		x.mean[k] += float64(0.1 * (d - x.mean[k]))
		x.square[k] += float64(0.001 * (float64(d*d) - x.square[k]))
		x.v[k] -= adaRate * (x.mean[k] / b1) / (math.Sqrt(x.square[k]/b2) + 1e-8)
		x.soften(k)
	}
}

// Integers are what all weights are rounded to.
func (x *Relaxed) Integers() []int32 { return x.integers(0, len(x.h)) }

func (x *Relaxed) integers(from, to int) []int32 {
	q := make([]int32, to-from)
	for c := range q {
		q[c] = int32(x.floor[from+c])
		if x.h[from+c] >= 0.5 {
			q[c]++
		}
	}
	return q
}
