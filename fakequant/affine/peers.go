package affine

import "math"

// The rules of tools other than PyTorch.

// chooseCoreMLPTQ is Core ML Tools' linear_quantize_weights, after training:
//
//	symmetric   s = max|x|/127 (8 bits)    z = 0; 127 for uint8, which then goes to 254
//	affine      s = (max − min)/(qmax − qmin)    z = rne((qmin·max − qmax·min)/(max − min))
//
// In training, Core ML Tools divides by 127.5, so the same weights get other
// integers ([CoreML]).
func chooseCoreMLPTQ(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	if scheme == Affine {
		qmin, qmax, low, high := float64(f.Min()), float64(f.Max()), float64(lo), float64(hi)
		if s = float32((high - low) / (qmax - qmin)); s == 0 {
			return 1, 0
		}
		return s, int32(math.RoundToEven((float64(qmin*high) - float64(qmax*low)) / (high - low)))
	}
	n := int32(1)<<(f.Bits-1) - 1
	s = orOne(largest(lo, hi)/float32(n), f)
	if f.Unsigned {
		return s, n
	}
	return s, 0
}

// chooseTFLite is the rule of TensorFlow's fake_quant operators, as TensorFlow
// Model Optimization uses them: weights symmetric and narrow, activations
// affine, with the zero point rounded half away from zero.
//
//	symmetric   s = 2·max|x|/(qmax − qmin)
//	affine      s = (max − min)/(qmax − qmin)    z = clip(round(qmin − min/s), qmin, qmax)
func chooseTFLite(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	if scheme != Affine {
		m := largest(lo, hi)
		lo, hi = -m, m
	}
	s = orOne((hi-lo)/f.span(), f)
	if scheme != Affine && !f.Unsigned {
		return s, 0
	}
	v := float32(f.Min()) - lo/s
	return s, int32(HalfAway.Round(clamp(v, float32(f.Min()), float32(f.Max()))))
}

// chooseBrevitas is Brevitas's scaling from statistics:
//
//	signed     s = max|x|/−qmin    127 with the narrow range, 128 with the full one
//	unsigned   s = max|x|/qmax
//	affine     s = (max − min)/(qmax − qmin)    z = clip(qmin − rne(min/s), qmin, qmax)
//
// and s at least 10⁻¹⁰.
func chooseBrevitas(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	const least = 1e-10
	lo, hi = containZero(lo, hi)
	switch {
	case scheme == Affine:
		s = bound((hi-lo)/f.span(), least, f)
		return s, zeroAtMin(lo, s, f)
	case f.Unsigned:
		return bound(largest(lo, hi)/float32(f.Max()), least, f), 0
	default:
		return bound(largest(lo, hi)/float32(-f.Min()), least, f), 0
	}
}

// chooseAIMET is AIMET's rule. "Strict symmetric" is the narrow range, plain
// "symmetric" the full one, where each side has its own number of steps:
//
//	symmetric, signed     s = max(max/qmax, −min/−qmin)
//	symmetric, unsigned   s = max/qmax
//	affine                s = (max − min)/(qmax − qmin)    z = clip(qmin − rne(min/s), qmin, qmax)
//
// and s at least 2⁻²³.
func chooseAIMET(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	const least = 0x1p-23
	lo, hi = containZero(lo, hi)
	switch {
	case scheme == Affine:
		s = bound((hi-lo)/f.span(), least, f)
		return s, zeroAtMin(lo, s, f)
	case f.Unsigned:
		return bound(hi/float32(f.Max()), least, f), 0
	default:
		return bound(max(lo/float32(f.Min()), hi/float32(f.Max())), least, f), 0
	}
}

// chooseQKeras is QKeras's automatic scale (alpha="auto"), without a zero
// point: s = 2·max|x|/(2·(2ᵇ⁻¹ − 1)), or max/(2ᵇ − 1) unsigned, and at least
// 10⁻⁷, Keras's epsilon. QKeras has no affine scheme; it is treated as
// symmetric.
func chooseQKeras(lo, hi float32, f Format, _ Scheme) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	if f.Unsigned {
		return bound(hi/float32(f.Max()), 1e-7, f), 0
	}
	return bound(2*largest(lo, hi)/float32(2*f.Max()), 1e-7, f), 0
}

// chooseONNX is what ONNX's operators and ONNX Runtime's quantization tool do:
//
//	symmetric   s = 2·max|x|/(2·qmax)
//	affine      DynamicQuantizeLinear: s = (max − min)/(qmax − qmin)
//	            z = rne(clip(qmin − min/s, qmin, qmax))
//
// A scale that would be 0 or subnormal is 1.
func chooseONNX(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	if scheme != Affine {
		n := f.Max()
		if f.Unsigned {
			return orOne(2*largest(lo, hi)/f.span(), f), (n + 1) / 2
		}
		return orOne(2*largest(lo, hi)/float32(2*n), f), 0
	}
	s = orOne((hi-lo)/f.span(), f)
	return s, int32(HalfEven.Round(clamp(float32(f.Min())-lo/s, float32(f.Min()), float32(f.Max()))))
}

// orOne is s, or 1 if s is too small to divide by.
func orOne(s float32, f Format) float32 {
	const smallestNormal = 0x1p-126
	if s < smallestNormal {
		return 1
	}
	return bound(s, 0, f)
}

func clamp(v, lo, hi float32) float32 { return max(lo, min(v, hi)) }
