package affine

import (
	"fmt"
	"math"
)

// Dialect names a rule from ranges to scales and zero points. Tools disagree
// on it, in the third digit of the scale; a dialect reproduces one of them.
type Dialect uint8

// The dialects. Torch is PyTorch's FakeQuantize, whose rule Core ML Tools also
// uses in training. TorchFused is FusedMovingAvgObsFakeQuantize, PyTorch's
// default since 2021. XNNPACK is PyTorch's observers with a least scale of
// 2⁻¹². CoreMLPTQ is Core ML Tools' rule after training. TFLite is TensorFlow
// Model Optimization's.
const (
	Default Dialect = iota // see [Dialect.Choose]
	Torch
	TorchFused
	XNNPACK
	CoreML
	CoreMLPTQ
	TFLite
	Brevitas
	AIMET
	QKeras
	ONNX
)

// rule is one row of the table of the dialects.
type rule struct {
	name   string
	choose func(lo, hi float32, f Format, scheme Scheme) (s float32, z int32)
	Arithmetic
}

var dialects = [...]rule{
	Default:    {"default", chooseDefault, Arithmetic{}},
	Torch:      {"torch", chooseTorch, Arithmetic{Reciprocal: true}},
	TorchFused: {"torch_fused", chooseTorchFused, Arithmetic{Reciprocal: true}},
	XNNPACK:    {"xnnpack", chooseXNNPACK, Arithmetic{Reciprocal: true}},
	CoreML:     {"coreml", chooseTorch, Arithmetic{Reciprocal: true}},
	CoreMLPTQ:  {"coreml_ptq", chooseCoreMLPTQ, Arithmetic{}},
	TFLite:     {"tflite", chooseTFLite, Arithmetic{Rounding: HalfUp}},
	Brevitas:   {"brevitas", chooseBrevitas, Arithmetic{}},
	AIMET:      {"aimet", chooseAIMET, Arithmetic{}},
	QKeras:     {"qkeras", chooseQKeras, Arithmetic{Rounding: HalfAway}},
	ONNX:       {"onnx", chooseONNX, Arithmetic{}},
}

// Choose returns the scale and zero point of format f for values in lo..hi,
// both finite. petrify's own rule, [Default], is legal on every export target.
// With min..max the range widened to contain 0:
//
//	symmetric, signed     s = max(−min, max)/qmax    z = 0
//	symmetric, unsigned   s = max/qmax               z = 0
//	affine                s = (max − min)/(qmax − qmin)
//	                      z = clip(qmin − rne(min/s), qmin, qmax)
//
// and s at least [MinScale]. For int8, s = max|x|/127 both with the full and
// the narrow range, so that +max|x| is never clipped.
//
// In every dialect, the power-of-two schemes round the symmetric scale.
func (d Dialect) Choose(lo, hi float32, f Format, scheme Scheme) (s float32, z int32) {
	s, z = dialects[d].choose(lo, hi, f, scheme)
	switch scheme {
	case Symmetric, Affine:
	case PowerOfTwo:
		s = ceilPowerOfTwo(s)
	case PowerOfTwoNearest:
		s = nearestPowerOfTwo(s)
	default:
		panic(fmt.Sprintf("affine: no rule for %v", scheme))
	}
	return bound(s, math.SmallestNonzeroFloat32, f), max(f.Min(), min(z, f.Max()))
}

// Arithmetic is how the dialect evaluates the equation.
func (d Dialect) Arithmetic() Arithmetic { return dialects[d].Arithmetic }

// Valid reports whether d is one of the dialects.
func (d Dialect) Valid() bool { return int(d) < len(dialects) }

// String is the dialect's name in a configuration file.
func (d Dialect) String() string {
	if d.Valid() {
		return dialects[d].name
	}
	return fmt.Sprintf("dialect(%d)", uint8(d))
}

// Dialects returns all of them, in their order.
func Dialects() []Dialect {
	var all []Dialect
	for d := range dialects {
		all = append(all, Dialect(d))
	}
	return all
}

// ParseDialect is the inverse of [Dialect.String].
func ParseDialect(text string) (Dialect, error) {
	var names []string
	for _, r := range dialects {
		names = append(names, r.name)
	}
	return parse[Dialect]("dialect", text, names)
}

// MarshalText writes [Dialect.String].
func (d Dialect) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads [Dialect.String].
func (d *Dialect) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDialect(string(text))
	return err
}
