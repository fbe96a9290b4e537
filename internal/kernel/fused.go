package kernel

import "math"

// Every sum of products in this package is a chain of fused multiply-adds: each
// rounds a·b + c once, to float32. Go has none for float32. Here the product is
// exact in float64; so the only fault of its sum with c, rounded to float64 and
// then to float32, is where the first rounding ends halfway between two float32.

// fused is product + sum, rounded once. It moves what float64 makes of it a bit
// towards the exact sum; the error is that of D. Knuth, "The Art of Computer
// Programming", volume 2, 4.2.2, theorem B.
func fused(product, sum float64) float32 {
	s := product + sum
	d := s - product
	switch rest := (product - (s - d)) + (sum - d); {
	case rest > 0:
		s = math.Nextafter(s, math.Inf(1))
	case rest < 0:
		s = math.Nextafter(s, math.Inf(-1))
	}
	return float32(s)
}

// even reports whether s may be halfway between two float32, or not finite.
func even(s float64) bool { return math.Float64bits(s)<<36 == 0 }

// addScaled is sum[j] = fused(a·b[j], sum[j]), of sums that are float32.
func addScaled(sum []float64, a float64, b []float32) {
	for j, v := range b[:len(sum)] {
		p := a * float64(v)
		s := p + sum[j]
		if even(s) {
			s = float64(fused(p, sum[j]))
		}
		sum[j] = float64(float32(s))
	}
}

// addProducts is sum[j] = fused(a[j]·b[j], sum[j]).
func addProducts(sum, a, b []float32) {
	a, b = a[:len(sum)], b[:len(sum)]
	for j, v := range sum {
		p := float64(a[j]) * float64(b[j])
		s := p + float64(v)
		if even(s) {
			s = float64(fused(p, float64(v)))
		}
		sum[j] = float32(s)
	}
}
