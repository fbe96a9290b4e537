package fakequant

import (
	"math"
	"slices"

	"petrify/fakequant/affine"
)

// levels is what methods for weights of two and of three values have in common:
//
//	y  = s·q        q is −1, 1 or, if there is a threshold Δ, 0
//	dx = dy
//
// The scale s of a group is measured when the quantizer observes. It is at least
// [affine.MinScale], because the bias of a dead channel is an integer of scale s_in·s.
type levels struct {
	*core
	threshold float64   // Δ in units of E|x|; 0: there is none
	seen      []float32 // the scales of what was observed last
}

func newLevels(c *core, threshold float64) levels {
	return levels{c, threshold, make([]float32, c.layout.N)}
}

func (m levels) see(x []float32) {
	for i, mean := range m.means(x, m.thresholds(x)) {
		m.seen[i] = max(float32(mean), affine.MinScale)
	}
}

// thresholds are the groups' Δ; nil if there is none.
func (m levels) thresholds(x []float32) []float64 {
	if m.threshold == 0 {
		return nil
	}
	Δ := m.means(x, nil)
	for i := range Δ {
		Δ[i] *= m.threshold
	}
	return Δ
}

// means is E|x| over the finite values of each group, or those of them beyond its
// threshold; 0 if there is no such value.
func (c *core) means(x []float32, thresholds []float64) []float64 {
	sums, counts := make([]float64, c.layout.N), make([]int, c.layout.N)
	c.each(len(x), func(i, from, to int) {
		for _, v := range x[from:to] {
			if a := math.Abs(float64(v)); a <= math.MaxFloat32 && (thresholds == nil || a > thresholds[i]) {
				sums[i] += a
				counts[i]++
			}
		}
	})
	for i, n := range counts {
		sums[i] /= float64(max(n, 1))
	}
	return sums
}

func (m levels) calibrate() { copy(m.Scale, m.seen) }
func (m levels) refresh()   {}

func (m levels) forward(g *grid, y, x []float32) {
	q := make([]int32, len(x))
	m.quantize(q, x)
	m.each(len(x), func(i, from, to int) {
		for j := from; j < to; j++ {
			y[j] = g.Scale[i] * float32(q[j])
		}
	})
}

func (m levels) quantize(q []int32, x []float32) {
	Δ := m.thresholds(x)
	m.each(len(x), func(i, from, to int) {
		for j, r := range x[from:to] {
			switch {
			case Δ != nil && !(math.Abs(float64(r)) > Δ[i]): // NaN too
				q[from+j] = 0
			case r < 0:
				q[from+j] = -1
			default:
				q[from+j] = 1
			}
		}
	})
}

func (m levels) backward(_ *grid, dx []float32, _ [][]float32, dy, _ []float32) { copy(dx, dy) }
func (m levels) clipped([]float32) int                                          { return 0 }
func (m levels) learned() []Learned                                             { return nil }

// learnedLevels learns the scale from where it was measured last:
//
//	ds = g·Σ dy·q        g = 1/√n
//
// with LSQ's gradient scale g, n the number of elements that share the scale. What is
// trained is ln s, see [positive].
//
// Source: C. Zhu, S. Han, H. Mao and W. J. Dally, "Trained Ternary Quantization", ICLR
// 2017, eq. 7, with one scale for both signs.
type learnedLevels struct {
	levels
	scale *positive
	q     []int32
	sums  []float64
}

func newLearnedLevels(c *core, threshold float64) *learnedLevels {
	return &learnedLevels{levels: newLevels(c, threshold), scale: newPositive(c)}
}

func (m *learnedLevels) calibrate() {
	for i, s := range m.seen {
		m.scale.set(i, s)
	}
}

func (m *learnedLevels) refresh() {
	m.scale.refresh()
	copy(m.Scale, m.scale.value)
}

func (m *learnedLevels) learned() []Learned {
	return []Learned{{Name: m.name + ".log_scale", Value: m.scale.log, LRFactor: m.cfg.factor()}}
}

func (m *learnedLevels) backward(_ *grid, dx []float32, dlearned [][]float32, dy, x []float32) {
	copy(dx, dy)
	m.q = slices.Grow(m.q[:0], len(x))[:len(x)]
	m.quantize(m.q, x)
	sums := m.sum(&m.sums, len(x), 1, func(out []float64, _, from, to int) {
		for j := from; j < to; j++ {
			out[0] += float64(float64(dy[j]) * float64(m.q[j]))
		}
	})
	factor := m.gradientScale(len(x))
	for i, d := range sums {
		dlearned[0][i] = m.scale.gradient(i, factor*d)
	}
}

// setScale sets a learned scale.
func (m *learnedLevels) setScale(i int, s float32) { m.scale.set(i, s) }
