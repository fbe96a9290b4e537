package repair

import (
	"math/bits"

	"petrify/internal/kernel"
)

// AdaRound rounds each weight up or down, whichever serves its row best. It relaxes
// the choice to numbers V and minimises
//
//	e·Moments·eᵀ + λ·Σ (1 − |2h − 1|^β)        e = w − ŵ
//
// as [Relaxed] says. The paper takes e·x of batches of inputs; the expected square of
// that is the first term, and so no iteration needs an input. λ is relative to the error
// of rounding to nearest, per weight. Rows of few weights, such as those of depthwise
// convolutions, are not relaxed: of all their roundings the best is found by trying.
//
// The integers of start, nearest or what GPTQ chose, are another candidate. In both, one
// or two weights at a time go a step up or down as long as that lowers the error, and
// the better one is kept.
func (p *Problem) AdaRound(iterations int, start []int32) []int32 {
	a := p.adaround()
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
		old, now := q[r*p.Cols:(r+1)*p.Cols], a.integers(r*p.Cols, (r+1)*p.Cols)
		p.improve(r, old)
		p.improve(r, now)
		if p.rowError(r, now) < p.rowError(r, old) {
			copy(old, now)
		}
	})
	return q
}

// adaround is a problem whose roundings are real numbers.
type adaround struct {
	*Problem
	*Relaxed
	e, moments, pulls []float32 // w − ŵ, and its products with Moments
}

func (p *Problem) adaround() *adaround {
	n := p.Rows * p.Cols
	a := &adaround{Problem: p, Relaxed: p.Relax(nil), e: make([]float32, n), pulls: make([]float32, n)}
	for _, m := range p.Moments {
		a.moments = append(a.moments, float32(m))
	}
	return a
}

// step is the ith of some, given the error that counts as 1.
func (a *adaround) step(i, of int, unit float64) {
	for k := range a.e {
		a.e[k] = float32(a.Weights[k] - a.Weight(k))
	}
	n := a.Cols
	kernel.Gemm(kernel.Matrix{Data: a.pulls, Rows: a.Rows, Cols: n, LD: n},
		kernel.Matrix{Data: a.e, Rows: a.Rows, Cols: n, LD: n},
		kernel.Matrix{Data: a.moments, Rows: n, Cols: n, LD: n}, false)
	a.Descend(i, of, unit, func(k int) float64 { return -2 * float64(a.pulls[k]) })
}

// fewWeights have 65,536 roundings.
const fewWeights = 16

// search sets row r to the best of all roundings. They come in the order of Gray's code,
// so that each differs from the one before in a single weight.
func (a *adaround) search(r int) {
	h := a.h[r*a.Cols : (r+1)*a.Cols]
	clear(h)
	s := a.steps(r, a.integers(r*a.Cols, (r+1)*a.Cols))
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
