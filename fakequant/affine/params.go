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
// normal float16, up to 8 bits, and the same range in finer steps above.
//
// A channel of zeros gets this scale. The bound keeps a scale that is stored
// in float16 from vanishing, and the int32 bias (of scale s_in·s_w) from
// overflowing in channels whose weights have died.
func MinScale(f Format) float32 {
	return float32(math.Ldexp(1, -14-max(f.Bits-8, 0)))
}

// choose is the default rule, see [Default].
func choose(min, max float32, f Format, scheme Scheme) (s float32, z int32) {
	lo, hi := float32(math.Min(float64(min), 0)), float32(math.Max(float64(max), 0))
	if scheme == Affine {
		s = bound((hi-lo)/float32(f.Max()-f.Min()), f)
		z := float64(f.Min()) - math.RoundToEven(float64(lo/s))
		return s, int32(math.Min(z, float64(f.Max())))
	}
	m := hi
	if !f.Unsigned {
		m = float32(math.Max(float64(hi), float64(-lo)))
	}
	s = bound(m/float32(f.Max()), f)
	switch scheme {
	case PowerOfTwo:
		s = powerOfTwo(s, 0.5)
	case PowerOfTwoNearest:
		s = powerOfTwo(s, math.Sqrt2/2)
	}
	return s, 0
}

// bound keeps a scale within MinScale and the greatest finite number.
func bound(s float32, f Format) float32 {
	greatest := math.MaxFloat32 / float64(f.Max()-f.Min())
	return float32(math.Min(math.Max(float64(s), float64(MinScale(f))), greatest))
}

// powerOfTwo writes s = m·2ᵉ with ½ ≤ m < 1 and returns 2ᵉ, or 2ᵉ⁻¹ if
// m ≤ threshold.
func powerOfTwo(s float32, threshold float64) float32 {
	m, e := math.Frexp(float64(s))
	if m <= threshold {
		e--
	}
	return float32(math.Ldexp(1, e))
}
