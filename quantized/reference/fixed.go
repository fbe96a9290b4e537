package reference

import "math"

// fixed is a multiplier m ≈ M·2^(e−31) with M in 2³⁰..2³¹−1, rounded half away
// from zero (Jacob et al., equation 6). As in TensorFlow Lite's
// QuantizeMultiplier it is 0 below 2⁻³² and no more than 2³⁰.
type fixed struct {
	m int64
	e int
}

func fixedPoint(m float64) fixed {
	fraction, e := math.Frexp(m)
	n := int64(math.Round(fraction * (1 << 31)))
	if n == 1<<31 {
		n, e = n/2, e+1
	}
	switch {
	case e < -31:
		return fixed{}
	case e > 30:
		return fixed{math.MaxInt32, 30}
	}
	return fixed{n, e}
}

// twice is gemmlowp's product with a: rounded half up to 32 bits, then half away
// from zero. It is ⌊a·2ˡ·M/2³¹ + ½⌋/2ʳ, l = max(e, 0), r = max(−e, 0).
func twice(f fixed, a int64) int64 {
	a = saturate(a<<max(f.e, 0), 32)
	return halfAway(halfUp(a*f.m, 31), max(-f.e, 0))
}

// once is the product rounded once, half up: ⌊a·M·2^(e−31) + ½⌋.
func once(f fixed, a int64) int64 { return saturate(halfUp(a*f.m, 31-f.e), 32) }

// halfUp is ⌊v/2ʳ + ½⌋.
func halfUp(v int64, r int) int64 { return (v + 1<<r>>1) >> r }

// halfAway is v/2ʳ, rounded half away from zero.
func halfAway(v int64, r int) int64 { return sign(v) * halfUp(abs(v), r) }

// saturate limits v to a signed integer of the given number of bits.
func saturate(v int64, bits int) int64 {
	return min(max(v, -1<<(bits-1)), 1<<(bits-1)-1)
}

func abs(v int64) int64 { return max(v, -v) }

func sign(v int64) int64 {
	if v < 0 {
		return -1
	}
	return 1
}

// rescale is rne(float32(a)·m), m = float32(float32(s_x·s_w)/s_y): ONNX Runtime
// on x86-64 and XNNPACK.
func rescale(a int64, sx, sw, sy float32) float64 {
	return rne(float32(a) * float32(float32(sx*sw)/sy))
}

// rescaleFixed is the product with s_x·s_w/s_y in fixed point.
func rescaleFixed(times func(fixed, int64) int64) func(a int64, sx, sw, sy float32) float64 {
	return func(a int64, sx, sw, sy float32) float64 {
		return float64(times(fixedPoint(float64(sx)*float64(sw)/float64(sy)), a))
	}
}
