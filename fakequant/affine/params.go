package affine

import "math"

// Params are the scales and zero points of one tensor, one of each for every
// group of elements that share them (see [Granularity]).
type Params struct {
	Scale []float32
	Zero  []int32
}

// MakeParams returns n scales of 1 and zero points of 0.
func MakeParams(n int) Params {
	p := Params{Scale: make([]float32, n), Zero: make([]int32, n)}
	for i := range p.Scale {
		p.Scale[i] = 1
	}
	return p
}

// MinScale is the least scale that the default rule gives: 2⁻¹⁴, the smallest
// normal float16.
//
// A channel of zeros gets this scale. The bound keeps a scale that is stored
// in float16 from vanishing, and the int32 bias (of scale s_in·s_w) from
// overflowing in channels whose weights have died.
const MinScale = float32(1.0 / (1 << 14))

// chooseDefault is the default rule; see [Dialect.Choose].
func chooseDefault(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	if scheme == Affine {
		s = bound((hi-lo)/f.span(), MinScale, f)
		return s, zeroAtMin(lo, s, f)
	}
	if f.Unsigned {
		return bound(hi/float32(f.Max()), MinScale, f), 0
	}
	return bound(largest(lo, hi)/float32(f.Max()), MinScale, f), 0
}

// containZero widens min..max to contain 0.
func containZero(lo, hi float32) (float32, float32) { return min(lo, 0), max(hi, 0) }

// largest is max |r| of a range that contains 0.
func largest(lo, hi float32) float32 { return max(-lo, hi) }

// span is qmax − qmin, the number of steps of the format.
func (f Format) span() float32 { return float32(f.Max() - f.Min()) }

// zeroAtMin is z = clip(qmin − rne(min/s), qmin, qmax), the zero point that
// puts min at qmin.
func zeroAtMin(lo, s float32, f Format) int32 {
	z := float64(f.Min()) - math.RoundToEven(float64(lo/s))
	return int32(max(float64(f.Min()), min(z, float64(f.Max()))))
}

// bound keeps a scale between least and the greatest scale whose multiples are
// all finite.
func bound(s, least float32, f Format) float32 {
	return max(least, min(s, math.MaxFloat32/f.span()))
}

// ceilPowerOfTwo is 2^⌈log₂ s⌉.
func ceilPowerOfTwo(s float32) float32 {
	m, e := math.Frexp(float64(s)) // s = m·2ᵉ with ½ ≤ m < 1
	if m == 0.5 {
		e--
	}
	return float32(math.Ldexp(1, e))
}

// nearestPowerOfTwo is 2^rne(log₂ s).
func nearestPowerOfTwo(s float32) float32 {
	m, e := math.Frexp(float64(s))
	if m <= math.Sqrt2/2 {
		e--
	}
	return float32(math.Ldexp(1, e))
}
