// Package affine is the equation of quantization and everything that determines
// its constants.
//
//	r = s · (q − z)        q = clip(rne(r / s) + z, qmin, qmax)
//
// r is a real number, s the scale (> 0, float32), z the zero point (an
// integer), q the quantized integer, rne rounding half to even.
//
// [Quantize], [Dequantize], [Fake] and [Arithmetic.Inside] evaluate it, one number at a
// time; they are the specification that every faster loop is tested against. A
// [Format] gives qmin and qmax. A [Scheme] and a [Dialect] turn the range of a
// tensor into s and z ([Dialect.Choose]). A [Granularity] says which elements
// of a tensor share them.
//
//	s, z := affine.Default.Choose(-1, 2, affine.Uint8, affine.Affine)   // 3/255, 85
//	q := affine.Quantize(1, s, z, affine.Uint8)                         // 170
//
// Conventions. Everything is float32 and is rounded exactly where the code says
// so: these numbers must agree to the last bit with those of other programs.
// Ranges are widened to contain 0, so that 0 is exact. Ranges are finite:
// petrify/observers counts and leaves out values that are not.
//
// Sources: B. Jacob et al., "Quantization and Training of Neural Networks for
// Efficient Integer-Arithmetic-Only Inference", CVPR 2018, §2.1; the ONNX
// operators QuantizeLinear and DequantizeLinear. The page docs/numerics.md
// derives the equation and shows the dialects side by side.
package affine
