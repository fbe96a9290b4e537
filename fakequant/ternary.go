package fakequant

import (
	"math"

	"petrify/fakequant/affine"
)

// ternary gives each weight one of three values:
//
//	y  = α·q        q = −1, 0, 1 as x < −Δ, |x| ≤ Δ, x > Δ
//	Δ  = 0.7·E|x|   α = the mean of |x| over |x| > Δ, of each group
//	dx = dy
//
// Δ and α are measured when the quantizer observes; α is at least
// [affine.MinScale].
//
// Source: F. Li, B. Zhang and B. Liu, "Ternary Weight Networks",
// arXiv:1605.04711, eqs. 3–6.
type ternary struct{ *core } // Δ is its grid's bound

func newTernary(c *core) method { return ternary{c} }

func (m ternary) see(x []float32) {
	means(m.core, x, func(i int, mean float64) { m.bound[i] = float32(0.7 * mean) })
	sums, counts := make([]float64, m.layout.N), make([]int, m.layout.N)
	m.each(len(x), func(i, from, to int) {
		for _, v := range x[from:to] {
			if a := math.Abs(float64(v)); a > float64(m.bound[i]) && a <= math.MaxFloat32 {
				sums[i] += a
				counts[i]++
			}
		}
	})
	for i, n := range counts {
		m.Scale[i] = 1
		if n > 0 {
			m.Scale[i] = max(float32(sums[i]/float64(n)), affine.MinScale)
		}
	}
}

func (m ternary) memory() []State {
	return []State{{Name: m.name + ".threshold", Shape: []int{m.layout.N}, F32: m.bound}}
}

func (m ternary) calibrate() {}
func (m ternary) refresh()   {}

func (m ternary) forward(g *grid, y, x []float32) {
	m.each(len(x), func(i, from, to int) {
		for j, r := range x[from:to] {
			y[from+j] = g.Scale[i] * float32(third(r, g.bound[i]))
		}
	})
}

func (m ternary) quantize(q []int32, x []float32) {
	m.each(len(x), func(i, from, to int) {
		for j, r := range x[from:to] {
			q[from+j] = third(r, m.bound[i])
		}
	})
}

func third(x, threshold float32) int32 {
	switch {
	case x > threshold:
		return 1
	case x < -threshold:
		return -1
	default:
		return 0
	}
}

func (m ternary) backward(_ *grid, dx []float32, _ [][]float32, dy, _ []float32) { copy(dx, dy) }
func (m ternary) clipped([]float32) int                                          { return 0 }
func (m ternary) learned() []Learned                                             { return nil }
