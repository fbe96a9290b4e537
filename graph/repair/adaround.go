package repair

import (
	"math"
	"math/bits"

	"petrify/internal/kernel"
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

// AdaRound rounds each weight up or down, whichever serves its row best. It relaxes
// the choice to numbers V and minimises
//
//	e·Moments·eᵀ + λ·Σ (1 − |2h − 1|^β)        e = w − s·(⌊w/s⌋ + h)
//	h = clip(σ(V)·(ζ − γ) + γ, 0, 1)
//
// by Adam, while β falls from 20 to 2, so that every h ends near 0 or 1. The paper
// takes e·x of batches of inputs; the expected square of that is the first term, and
// so no iteration needs an input. λ is relative to the error of rounding to nearest,
// per weight. Rows of few weights, such as those of depthwise convolutions, are not
// relaxed: of all their roundings the best is found by trying.
//
// The integers of start, nearest or what GPTQ chose, are another candidate. In both, one
// or two weights at a time go a step up or down as long as that lowers the error, and
// the better one is kept.
func (p *Problem) AdaRound(iterations int, start []int32) []int32 {
	a := p.relax()
	scale := p.Error(p.Nearest()) / float64(len(a.v))
	if scale > 0 && p.Cols > fewWeights {
		for i := range iterations {
			a.step(i, iterations, scale)
		}
	}
	q := append([]int32(nil), start...)
	kernel.Parallel(p.Rows, func(r int) {
		if p.Cols <= fewWeights {
			a.search(r)
		}
		old, now := q[r*p.Cols:(r+1)*p.Cols], a.integers(r)
		p.improve(r, old)
		p.improve(r, now)
		if p.rowError(r, now) < p.rowError(r, old) {
			copy(old, now)
		}
	})
	return q
}

// relaxed is a problem whose roundings are real numbers.
type relaxed struct {
	*Problem
	scale, zero       []float64 // of each weight
	floor             []float64 // ⌊w/s⌋, at least Min and less than Max
	v, h, slope       []float64 // V, h(V), h'(V)
	mean, square      []float64 // Adam's
	e, moments, pulls []float32 // w − ŵ, and its products with Moments
}

// relax begins where h is the fraction of w/s.
func (p *Problem) relax() *relaxed {
	n := p.Rows * p.Cols
	a := &relaxed{Problem: p}
	for _, s := range []*[]float64{&a.floor, &a.v, &a.h, &a.slope, &a.mean, &a.square} {
		*s = make([]float64, n)
	}
	a.e, a.pulls, a.moments = make([]float32, n), make([]float32, n), make([]float32, p.Cols*p.Cols)
	for i, m := range p.Moments {
		a.moments[i] = float32(m)
	}
	for r := range p.Rows {
		scale, zero := p.Grid.row(r, p.Cols)
		a.scale, a.zero = append(a.scale, scale...), append(a.zero, zero...)
	}
	for i, s := range a.scale {
		steps := p.Weights[i]/s + a.zero[i]
		a.floor[i] = min(max(math.Floor(steps), p.Grid.Min), p.Grid.Max-1)
		fraction := min(max(steps-a.floor[i], 0.01), 0.99)
		a.v[i] = -portable.Log((stretchHigh-stretchLow)/(fraction-stretchLow) - 1)
		a.soften(i)
	}
	return a
}

// soften computes h(V) and its slope.
func (a *relaxed) soften(i int) {
	σ := 1 / (1 + portable.Exp(-a.v[i]))
	h := float64(σ*(stretchHigh-stretchLow)) + stretchLow
	a.h[i], a.slope[i] = min(max(h, 0), 1), σ*(1-σ)*(stretchHigh-stretchLow)
	if h != a.h[i] {
		a.slope[i] = 0
	}
}

// step is one of Adam's, with the paper's default momenta.
func (a *relaxed) step(i, iterations int, scale float64) {
	for k := range a.e {
		a.e[k] = float32(a.Weights[k] - float64(a.scale[k]*(a.floor[k]+a.h[k]-a.zero[k])))
	}
	n := a.Cols
	kernel.Gemm(kernel.Matrix{Data: a.pulls, Rows: a.Rows, Cols: n, LD: n},
		kernel.Matrix{Data: a.e, Rows: a.Rows, Cols: n, LD: n},
		kernel.Matrix{Data: a.moments, Rows: n, Cols: n, LD: n}, false)
	t := float64(i) / float64(iterations)
	λ, β := 0.0, 0.0
	if t >= warmUp {
		λ, β = adaWeight, lastBeta+float64((firstBeta-lastBeta)*(1-(t-warmUp)/(1-warmUp)))
	}
	b1, b2 := 1-portable.Power(0.9, i+1), 1-portable.Power(0.999, i+1)
	for k := range a.v {
		d := -2 * float64(a.pulls[k]) * a.scale[k] / scale
		if λ > 0 {
			m := 2*a.h[k] - 1
			d -= float64(λ * 2 * β * math.Copysign(portable.Pow(math.Abs(m), β-1), m))
		}
		d = float64(d * a.slope[k])
		a.mean[k] += float64(0.1 * (d - a.mean[k]))
		a.square[k] += float64(0.001 * (float64(d*d) - a.square[k]))
		a.v[k] -= adaRate * (a.mean[k] / b1) / (math.Sqrt(a.square[k]/b2) + 1e-8)
		a.soften(k)
	}
}

// integers are those of row r.
func (a *relaxed) integers(r int) []int32 {
	q := make([]int32, a.Cols)
	for c := range q {
		k := r*a.Cols + c
		q[c] = int32(a.floor[k])
		if a.h[k] >= 0.5 {
			q[c]++
		}
	}
	return q
}

// fewWeights have 65,536 roundings.
const fewWeights = 16

// search sets row r to the best of all roundings. They come in the order of Gray's code,
// so that each differs from the one before in a single weight.
func (a *relaxed) search(r int) {
	h := a.h[r*a.Cols : (r+1)*a.Cols]
	clear(h)
	s := a.steps(r, a.integers(r))
	sum, least, best := 0.0, 0.0, 0
	for i := 1; i < 1<<a.Cols; i++ {
		c := bits.TrailingZeros(uint(i))
		d := int32(1)
		if h[c] == 1 {
			d = -1
		}
		h[c] = 1 - h[c]
		sum += s.gain(c, d)
		s.take(c, d)
		if sum < least {
			least, best = sum, i
		}
	}
	for c := range h {
		h[c] = float64((best ^ best>>1) >> c & 1)
	}
}
