package carray

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// grid is a tensor's quantizer, shifted so that its integers are unsigned
// bytes: a signed format by 128.
//
//	r = scale · (q − zero)        min ≤ q ≤ max
type grid struct {
	scale          float32
	zero, min, max int32
}

// gridOf shifts a quantizer whose integers are limited to lo..hi.
func gridOf(q quantized.Quant, lo, hi int32) grid {
	var shift int32
	if !q.Format.Unsigned {
		shift = 128
	}
	return grid{q.Scale, q.Zero + shift, lo + shift, hi + shift}
}

// same reports whether two grids give the same bytes the same meaning.
func (g grid) same(h grid) bool { return g.scale == h.scale && g.zero == h.zero }

// within reports whether every byte of g also occurs in h, with the same
// meaning.
func (g grid) within(h grid) bool { return g.same(h) && g.min >= h.min && g.max <= h.max }

func (g grid) quantize(r float32) uint8 {
	q := affine.Quantize(r, g.scale, g.zero, affine.Uint8)
	return uint8(min(max(q, g.min), g.max))
}

// table is q_y = quantize(f(s_x·(q_x − z_x))) for every byte q_x.
func table(x, y grid, f func(float64) float64) []uint8 {
	t := make([]uint8, 256)
	for q := range t {
		r := affine.Dequantize(int32(q), x.scale, x.zero)
		t[q] = y.quantize(float32(f(float64(r))))
	}
	return t
}

// mantissa is a float32 as q/2^shift, q < 2²⁴. A float of 2¹⁶ or more becomes
// 2¹⁶: either takes every integer but 0 out of any range. One so small that no
// int32 reaches a half becomes 0.
func mantissa(m float32) (q, shift int32) {
	f, e := math.Frexp(float64(min(m, 1<<16)))
	if e < -32 {
		return 0, 0
	}
	return int32(f * (1 << 24)), int32(24 - e)
}
