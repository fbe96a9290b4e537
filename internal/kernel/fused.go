package kernel

import "math"

// Every sum of products in this package is a chain of fused multiply-adds, which
// round each term a·b + c once, to float32. Go has none for float32. In float64 the
// product is exact; so the only fault of a·b + c there, rounded to float32
// afterwards, is where it was rounded to halfway between two float32.

// FMA is x·y + z, rounded once. The sum is rounded to odd in float64, so that a
// second rounding, to float32, does no harm (S. Boldo, G. Melquiond, "Emulation of
// a FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd", IEEE
// Transactions on Computers 57(4), 2008, theorem 4).
func FMA(x, y, z float32) float32 {
	p, c := float64(float64(x)*float64(y)), float64(z)
	s := p + c
	t := s - p
	lost := (p - (s - t)) + (c - t)
	bits := math.Float64bits(s)
	if (lost > 0 || lost < 0) && bits&1 == 0 { // not where s is infinite and lost is NaN
		if lost > 0 == (s > 0) {
			bits++
		} else {
			bits--
		}
	}
	return float32(math.Float64frombits(bits))
}

// halfway reports whether s may be halfway between two float32: the first bit that these
// lose is the last one of s, or, where they are so small that they lose more, a higher
// one. A product with 0 leaves a float32, which most sums after a ReLU are.
func halfway(s float64) bool {
	low := uint32(math.Float64bits(s)) & (1<<29 - 1)
	return low == 1<<28 || low == 0 && s != 0 && math.Abs(s) < 0x1p-126
}

// addProducts is sum[j] = FMA(a[j], b[j], sum[j]).
func addProducts(sum, a, b []float32) {
	a, b = a[:len(sum)], b[:len(sum)]
	for j, v := range sum {
		s := float64(float64(a[j])*float64(b[j])) + float64(v)
		if halfway(s) {
			s = float64(FMA(a[j], b[j], v))
		}
		sum[j] = float32(s)
	}
}
