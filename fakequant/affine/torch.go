package affine

import "math"

// The rules of PyTorch 1.13, with its order of operations and its precision.

// chooseTorch is the rule of torch.ao.quantization's observers, and so of Core
// ML Tools' LinearQuantizer. With the range widened to contain 0:
//
//	symmetric   s = max(−min, max)/((qmax − qmin)/2)    127.5 for int8
//	            z = 0, or for unsigned formats 128 of 256, ⌊(qmin+qmax)/2⌋ of fewer
//	affine      s = (max − min)/(qmax − qmin)
//	            z = clip(qmin − rne(min/s), qmin, qmax)
//
// and s at least 2⁻²³.
func chooseTorch(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	return torchRule(lo, hi, f, scheme, 0x1p-23)
}

// chooseXNNPACK is the torch rule with the least scale that XNNPACK accepts,
// 2⁻¹²; PyTorch combines it with the narrow range (qconfigs "neg_127_to_127").
func chooseXNNPACK(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	return torchRule(lo, hi, f, scheme, 0x1p-12)
}

func torchRule(lo, hi float32, f Format, scheme Scheme, least float32) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	if scheme == Affine {
		s = bound((hi-lo)/f.span(), least, f)
		return s, zeroAtMin(lo, s, f)
	}
	s = bound(largest(lo, hi)/(f.span()/2), least, f)
	switch {
	case !f.Unsigned:
		return s, 0
	case f.Bits == 8:
		return s, 128
	default:
		return s, (f.Min() + f.Max()) / 2
	}
}

// chooseTorchFused is the rule of FusedMovingAvgObsFakeQuantize. It computes
// in float64, gives each side of a symmetric range its own number of steps,
//
//	s = max(−min/(n+1), max/n)    n = ⌊(qmax − qmin)/2⌋, 127 for int8
//	z = rne((qmin + qmax)/2)
//
// but only for a range with two sides: one with min = 0 or max = 0 becomes
// affine, whatever the scheme. s is at least 6.1·10⁻⁵, and 0.1 for an empty
// range. PyTorch converts the trained network with a different rule, [Torch]'s,
// so a model trained with this one changes when it is converted.
func chooseTorchFused(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	lo, hi = containZero(lo, hi)
	twoSided := scheme != Affine && lo < 0 && hi > 0
	if twoSided {
		n := (f.Max() - f.Min()) / 2
		m := float64(max(lo/float32(-n-1), hi/float32(n)))
		lo, hi = float32(-m*float64(n+1)), float32(m*float64(n))
	}
	scale := (float64(hi) - float64(lo)) / float64(f.Max()-f.Min())
	if float32(scale) == 0 || math.IsInf(float64(1/float32(scale)), 0) {
		scale = 0.1
	}
	low, high := float64(lo), float64(hi)
	if least := float64(float32(6.1e-5)); scale < least {
		low, high = low*(least/scale), high*(least/scale)
		scale = least
	}
	if twoSided {
		return float32(scale), int32(math.RoundToEven(float64(f.Min()+f.Max()) / 2))
	}
	return float32(scale), fusedZero(low, high, scale, f)
}

// fusedZero computes the zero point from the end of the range with the smaller
// error, and rounds it to the nearest integer of the format.
func fusedZero(lo, hi, s float64, f Format) int32 {
	qmin, qmax := float64(f.Min()), float64(f.Max())
	z := qmax - hi/s
	if math.Abs(qmin)-math.Abs(lo/s) < math.Abs(qmax)-math.Abs(hi/s) {
		z = qmin - lo/s
	}
	return int32(math.RoundToEven(math.Max(qmin, math.Min(z, qmax))))
}
