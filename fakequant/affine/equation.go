package affine

import "math"

// Quantize is q = clip(rne(r/s) + z, qmin, qmax): the integer of format f that
// represents r. rne rounds half to even; r/s is a true float32 division, as in
// ONNX QuantizeLinear. Infinities go to the ends, NaN to qmin.
//
// The quotient is clipped before it is rounded, so that no value overflows an
// integer in between. Both orders give the same q, because the ends are whole.
func Quantize(r, s float32, z int32, f Format) int32 {
	return Arithmetic{}.Quantize(r, s, z, f)
}

// Dequantize is r = s·(q − z).
func Dequantize(q int32, s float32, z int32) float32 {
	return float32(s * float32(q-z))
}

// Fake is Dequantize(Quantize(r)): r rounded to the grid.
func Fake(r, s float32, z int32, f Format) float32 {
	return Arithmetic{}.Fake(r, s, z, f)
}

// Arithmetic is a way to evaluate the equation in float32. The zero value is
// that of [Quantize] and [Fake]; the others belong to other tools.
type Arithmetic struct {
	// Reciprocal multiplies by float32(1/s) instead of dividing by s. The two
	// differ by one step where r/s is very nearly a tie.
	Reciprocal bool
	Rounding   Rounding
}

// Steps is r/s, the real number to be rounded.
func (a Arithmetic) Steps(r, s float32) float32 {
	if a.Reciprocal {
		return r * (1 / s)
	}
	return r / s
}

// Quantize is [Quantize] in arithmetic a.
func (a Arithmetic) Quantize(r, s float32, z int32, f Format) int32 {
	lo, hi := float32(f.Min()-z), float32(f.Max()-z)
	v := a.Steps(r, s)
	if !(v >= lo) { // NaN too
		v = lo
	}
	return z + int32(a.Rounding.Round(min(v, hi)))
}

// Fake is [Fake] in arithmetic a.
func (a Arithmetic) Fake(r, s float32, z int32, f Format) float32 {
	return Dequantize(a.Quantize(r, s, z, f), s, z)
}

// Inside reports whether qmin ≤ rne(r/s) + z ≤ qmax, where the integer is
// rounded but not yet clipped. It is the mask of the straight-through
// estimator: with s = 1 and int8, 127.4 is inside, 127.5 is not, −128.5 is.
func (a Arithmetic) Inside(r, s float32, z int32, f Format) bool {
	n := a.Rounding.Round(a.Steps(r, s))
	return n >= float32(f.Min()-z) && n <= float32(f.Max()-z)
}

// QuantizeStochastic rounds r/s up with the probability of its fraction, so
// that the mean over u, uniform in [0, 1), is r/s itself:
//
//	q = clip(floor(r/s + u) + z, qmin, qmax)
//
// Source: S. Gupta, A. Agrawal, K. Gopalakrishnan and P. Narayanan, "Deep
// Learning with Limited Numerical Precision", ICML 2015, §3.
func QuantizeStochastic(r, s float32, z int32, f Format, u float64) int32 {
	lo, hi := float64(f.Min()-z), float64(f.Max()-z)
	v := float64(r) / float64(s)
	if !(v >= lo) {
		v = lo
	}
	return z + int32(min(math.Floor(v+u), hi))
}
