package repair

import (
	"math"
	"math/bits"

	"petrify/internal/kernel"
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
// per weight. Afterwards, one or two weights at a time are turned over as long as that
// lowers the error. Rows of few weights, such as those of depthwise convolutions, are
// not relaxed: of all their roundings the best is found by trying.
//
// start is where a row comes back to unless AdaRound is better: nearest, or what GPTQ
// chose, which may lie beyond up and down.
func (p *Problem) AdaRound(iterations int, start []int32) []int32 {
	a := p.relax()
	scale := p.Error(p.Nearest()) / float64(len(a.v))
	if scale > 0 && p.Cols > fewWeights {
		for i := range iterations {
			a.step(i, iterations, scale)
		}
	}
	q := append([]int32(nil), start...)
	for r := range p.Rows {
		up := a.up[r*p.Cols : (r+1)*p.Cols]
		for c := range up {
			up[c] = a.h[r*p.Cols+c] >= 0.5
		}
		if p.Cols > fewWeights {
			a.improve(r)
		} else {
			a.search(r)
		}
		old := q[r*p.Cols : (r+1)*p.Cols]
		now := a.integers(r)
		if p.rowError(r, now) < p.rowError(r, old) {
			copy(old, now)
		}
	}
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
	up                []bool
}

// relax begins where h is the fraction of w/s.
func (p *Problem) relax() *relaxed {
	n := p.Rows * p.Cols
	a := &relaxed{Problem: p, up: make([]bool, n)}
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
		a.v[i] = -math.Log((stretchHigh-stretchLow)/(fraction-stretchLow) - 1)
		a.soften(i)
	}
	return a
}

// soften computes h(V) and its slope.
func (a *relaxed) soften(i int) {
	σ := 1 / (1 + math.Exp(-a.v[i]))
	h := σ*(stretchHigh-stretchLow) + stretchLow
	a.h[i], a.slope[i] = min(max(h, 0), 1), σ*(1-σ)*(stretchHigh-stretchLow)
	if h != a.h[i] {
		a.slope[i] = 0
	}
}

// step is one of Adam's, with the paper's default momenta.
func (a *relaxed) step(i, iterations int, scale float64) {
	for k := range a.e {
		a.e[k] = float32(a.Weights[k] - a.scale[k]*(a.floor[k]+a.h[k]-a.zero[k]))
	}
	n := a.Cols
	kernel.Gemm(kernel.Matrix{Data: a.pulls, Rows: a.Rows, Cols: n, LD: n},
		kernel.Matrix{Data: a.e, Rows: a.Rows, Cols: n, LD: n},
		kernel.Matrix{Data: a.moments, Rows: n, Cols: n, LD: n}, false)
	t := float64(i) / float64(iterations)
	λ, β := 0.0, 0.0
	if t >= warmUp {
		λ, β = adaWeight, lastBeta+(firstBeta-lastBeta)*(1-(t-warmUp)/(1-warmUp))
	}
	b1, b2 := 1-math.Pow(0.9, float64(i+1)), 1-math.Pow(0.999, float64(i+1))
	for k := range a.v {
		d := -2 * float64(a.pulls[k]) * a.scale[k] / scale
		if λ > 0 {
			m := 2*a.h[k] - 1
			d -= λ * 2 * β * math.Copysign(math.Pow(math.Abs(m), β-1), m)
		}
		d *= a.slope[k]
		a.mean[k] += 0.1 * (d - a.mean[k])
		a.square[k] += 0.001 * (d*d - a.square[k])
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
		if a.up[k] {
			q[c]++
		}
	}
	return q
}

// fewWeights have 65,536 roundings.
const fewWeights = 16

// search turns to the best of all roundings of a row. They come in the order of Gray's
// code, so that each differs from the one before in a single weight.
func (a *relaxed) search(r int) {
	t := a.turning(r)
	least, best := 0.0, 0
	sum := 0.0
	for i := 1; i < 1<<a.Cols; i++ {
		c := bits.TrailingZeros(uint(i))
		sum += t.alone(c)
		t.turn(c)
		if sum < least {
			least, best = sum, i
		}
	}
	// The last code differs from the first in its highest bit, the best one is best ^ best/2.
	t.turn(a.Cols - 1)
	for c := range a.Cols {
		if (best^best>>1)>>c&1 == 1 {
			t.turn(c)
		}
	}
}

// passes over a row that improve makes at most.
const passes = 10

// improve turns over one or two roundings of a row at a time, for each weight in turn
// those that lower the error most.
func (a *relaxed) improve(r int) {
	t := a.turning(r)
	least := 1e-9 * quadratic(a.Moments, t.e)
	for range passes {
		changed := false
		for i := range a.Cols {
			own := t.alone(i)
			best, with := own, i
			for j := range a.Cols {
				if d := own + t.alone(j) + 2*t.δ[i]*t.δ[j]*a.Moments[i*a.Cols+j]; j != i && d < best {
					best, with = d, j
				}
			}
			if best < -least {
				changed = true
				t.turn(i)
				if with != i {
					t.turn(with)
				}
			}
		}
		if !changed {
			return
		}
	}
}

// turning is a row whose weights turn over, one at a time. δ is what a weight's turn
// adds to the error e:
//
//	(e + δᵢ)·H·(e + δᵢ)ᵀ − e·H·eᵀ = 2·δᵢ·(e·H)ᵢ + δᵢ²·Hᵢᵢ
//
// and two at once add 2·δᵢ·δⱼ·Hᵢⱼ to the sum of theirs.
type turning struct {
	h          []float64
	e, pull, δ []float64 // pull is e·H
	up         []bool
}

func (a *relaxed) turning(r int) *turning {
	n := a.Cols
	t := &turning{h: a.Moments, up: a.up[r*n : (r+1)*n]}
	t.e, t.pull, t.δ = make([]float64, n), make([]float64, n), make([]float64, n)
	for c, q := range a.integers(r) {
		k := r*n + c
		t.e[c] = a.Weights[k] - a.scale[k]*(float64(q)-a.zero[k])
		if t.δ[c] = a.scale[k]; !t.up[c] {
			t.δ[c] = -t.δ[c]
		}
	}
	for c, v := range t.e {
		add(t.pull, v, t.h[c*n:(c+1)*n])
	}
	return t
}

// alone is what the turn of one weight adds to the row's error.
func (t *turning) alone(c int) float64 {
	return t.δ[c] * (2*t.pull[c] + t.δ[c]*t.h[c*len(t.δ)+c])
}

// turn turns a weight over.
func (t *turning) turn(c int) {
	n := len(t.δ)
	add(t.pull, t.δ[c], t.h[c*n:(c+1)*n])
	t.δ[c], t.up[c] = -t.δ[c], !t.up[c]
}
