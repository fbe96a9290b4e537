package fakequant

import (
	"math"

	"petrify/fakequant/affine"
)

// binary gives each weight one of two values, ±α:
//
//	y  = α·sign(x)        α = E|x| of the group, sign(0) = +1
//	dx = dy
//
// α is measured when the quantizer observes. 0 is not among the values. This α
// minimises the L2 distance to x, but is at least [affine.MinScale], because
// the bias of a dead channel is an integer of scale s_in·α.
//
// Source: M. Rastegari, V. Ordonez, J. Redmon and A. Farhadi, "XNOR-Net:
// ImageNet Classification Using Binary Convolutional Neural Networks", ECCV
// 2016, eq. 6; the gradient is that of DoReFa-Net, arXiv:1606.06160, eq. 7.
type binary struct{ *core }

func newBinary(c *core) method { return binary{c} }

func (m binary) see(x []float32) {
	means(m.core, x, func(i int, mean float64) { m.Scale[i] = max(float32(mean), affine.MinScale) })
}

// means calls f with E|x| over the finite values of each group that has any.
func means(c *core, x []float32, f func(i int, mean float64)) {
	sums, counts := make([]float64, c.layout.N), make([]int, c.layout.N)
	c.each(len(x), func(i, from, to int) {
		for _, v := range x[from:to] {
			if v-v == 0 {
				sums[i] += math.Abs(float64(v))
				counts[i]++
			}
		}
	})
	for i, n := range counts {
		if n > 0 {
			f(i, sums[i]/float64(n))
		}
	}
}

func (m binary) calibrate() {}
func (m binary) refresh()   {}

func (m binary) forward(g *grid, y, x []float32) {
	m.each(len(x), func(i, from, to int) {
		for j, r := range x[from:to] {
			y[from+j] = g.Scale[i] * float32(sign(r))
		}
	})
}

func (m binary) quantize(q []int32, x []float32) {
	for j, r := range x {
		q[j] = sign(r)
	}
}

// sign is −1 for x < 0, else +1.
func sign(x float32) int32 {
	if x < 0 {
		return -1
	}
	return 1
}

func (m binary) backward(_ *grid, dx []float32, _ [][]float32, dy, _ []float32) { copy(dx, dy) }
func (m binary) clipped([]float32) int                                          { return 0 }
func (m binary) learned() []Learned                                             { return nil }
