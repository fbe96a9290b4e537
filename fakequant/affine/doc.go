// Package affine is the one equation of quantization and everything that
// decides its constants.
//
//	r = s · (q − z)        q = clip(rne(r / s) + z, qmin, qmax)
//
// r is a real number, s the scale (> 0, float32), z the zero point (an
// integer), q the quantized integer, rne rounding half to even.
package affine
