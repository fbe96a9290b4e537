package affine

import "math"

// Quantize is q = clip(rne(r/s) + z, qmin, qmax): the integer of format f
// that stands for r. rne rounds half to even; the division is a division, in
// float32, as in ONNX QuantizeLinear. Infinities go to the ends, NaN to qmin.
//
// The quotient is clipped before it is rounded, so that no value overflows an
// integer on the way. Both orders give the same q, because the ends are whole.
func Quantize(r, s float32, z int32, f Format) int32 {
	return z + int32(level(r, s, z, f))
}

// Dequantize is r = s·(q − z).
func Dequantize(q int32, s float32, z int32) float32 {
	return s * float32(q-z)
}

// Fake is Dequantize(Quantize(r)): the real number that is left of r.
func Fake(r, s float32, z int32, f Format) float32 {
	return Dequantize(Quantize(r, s, z, f), s, z)
}

// Inside reports whether qmin ≤ rne(r/s) + z ≤ qmax, the rounded and not yet
// clipped integer. It is the mask of the straight-through estimator: with
// s = 1 and int8, 127.4 is inside, 127.5 is not, −128.5 is.
func Inside(r, s float32, z int32, f Format) bool {
	n := math.RoundToEven(float64(r / s))
	return n >= float64(f.Min()-z) && n <= float64(f.Max()-z)
}

// level is q − z as a float. The comparison is written so that NaN fails it.
func level(r, s float32, z int32, f Format) float64 {
	lo, hi := float32(f.Min()-z), float32(f.Max()-z)
	v := r / s
	if !(v >= lo) {
		v = lo
	}
	return math.RoundToEven(float64(min(v, hi)))
}
