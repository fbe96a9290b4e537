package affine_test

import (
	"math"
	"testing"

	"petrify/fakequant/affine"
)

// TestPeers checks the rules of other tools on ranges where one can see the
// divisor. Those of PyTorch are also compared with PyTorch itself, by the
// golden values of petrify/fakequant.
func TestPeers(t *testing.T) {
	const (
		symmetric = affine.Symmetric
		affine_   = affine.Affine
	)
	int4, uint4 := affine.Format{Bits: 4}, affine.Format{Bits: 4, Unsigned: true}
	for _, test := range []struct {
		name     string
		d        affine.Dialect
		min, max float32
		f        affine.Format
		scheme   affine.Scheme
		s        float64
		z        int32
	}{
		{"127.5 steps on a side", affine.Torch, -1, 0.9, affine.Int8, symmetric, 1 / 127.5, 0},
		{"whichever side", affine.Torch, -0.9, 1, affine.Int8, symmetric, 1 / 127.5, 0},
		{"one side counts as two", affine.Torch, 0, 1, affine.Int8, symmetric, 1 / 127.5, 0},
		{"all zero", affine.Torch, 0, 0, affine.Int8, symmetric, 0x1p-23, 0},
		{"constant", affine.Torch, 2, 2, affine.Uint8, affine_, 2.0 / 255, 0},
		{"uint8 symmetric", affine.Torch, -1, 1, affine.Uint8, symmetric, 1 / 127.5, 128},
		{"uint4 symmetric", affine.CoreML, -1, 1, uint4, symmetric, 1 / 7.5, 7},
		{"the negative side has 128", affine.TorchFused, -1, 0.9, affine.Int8, symmetric, 1.0 / 128, 0},
		{"the positive side has 127", affine.TorchFused, -0.9, 1, affine.Int8, symmetric, 1.0 / 127, 0},
		{"one side becomes affine", affine.TorchFused, 0, 1, affine.Int8, symmetric, 1.0 / 255, -128},
		{"all zero, fused", affine.TorchFused, 0, 0, affine.Int8, symmetric, 0.1, 127},
		{"constant, fused", affine.TorchFused, 2, 2, affine.Uint8, affine_, 2.0 / 255, 0},
		{"least scale of XNNPACK", affine.XNNPACK, -1e-3, 1e-3, affine.Int8Narrow, symmetric, 0x1p-12, 0},
		{"after training, 127", affine.CoreMLPTQ, -1, 0.9, affine.Int8Narrow, symmetric, 1.0 / 127, 0},
		{"after training, uint8", affine.CoreMLPTQ, -1, 0.9, affine.Uint8, symmetric, 1.0 / 127, 127},
		{"after training, affine", affine.CoreMLPTQ, -1, 2, affine.Uint8, affine_, 3.0 / 255, 85},
		{"TensorFlow's weights", affine.TFLite, -1, 0.9, affine.Int8Narrow, symmetric, 1.0 / 127, 0},
		{"TensorFlow's zero point rounds half up", affine.TFLite, -0.5, 254.5, affine.Uint8, affine_, 1, 1},
		{"others' to even", affine.ONNX, -0.5, 254.5, affine.Uint8, affine_, 1, 0},
		{"narrow", affine.Brevitas, -1, 0.9, affine.Int8Narrow, symmetric, 1.0 / 127, 0},
		{"full", affine.Brevitas, -1, 0.9, affine.Int8, symmetric, 1.0 / 128, 0},
		{"4 bits, full", affine.Brevitas, -1, 0.9, int4, symmetric, 1.0 / 8, 0},
		{"strict symmetric", affine.AIMET, -1, 0.9, affine.Int8Narrow, symmetric, 1.0 / 127, 0},
		{"symmetric, negative side", affine.AIMET, -1, 0.9, affine.Int8, symmetric, 1.0 / 128, 0},
		{"symmetric, positive side", affine.AIMET, -0.9, 1, affine.Int8, symmetric, 1.0 / 127, 0},
		{"QKeras", affine.QKeras, -1, 0.9, affine.Int8, symmetric, 1.0 / 127, 0},
		{"ONNX Runtime's weights", affine.ONNX, -1, 0.9, affine.Int8, symmetric, 1.0 / 127, 0},
		{"ONNX, all zero", affine.ONNX, 0, 0, affine.Uint8, affine_, 1, 0},
		{"power of two of another rule", affine.Torch, -1, 0.9, affine.Int8, affine.PowerOfTwo, 1.0 / 64, 0},
	} {
		t.Run(test.d.String()+"/"+test.name, func(t *testing.T) {
			s, z := test.d.Choose(test.min, test.max, test.f, test.scheme)
			if s != float32(test.s) || z != test.z {
				t.Errorf("Choose = %v, %d; want %v, %d", s, z, float32(test.s), test.z)
			}
		})
	}
}

// FuzzChoose checks what every rule must give for every range: a scale that is
// positive and finite, a zero point in the format, and an exact 0.
func FuzzChoose(f *testing.F) {
	f.Add(float32(-1), float32(1))
	f.Add(float32(0), float32(0))
	f.Add(float32(3e38), float32(-3e38))
	f.Add(float32(1e-45), float32(1e-45))
	formats := []affine.Format{affine.Int8, affine.Int8Narrow, affine.Uint8, {Bits: 2}, {Bits: 3, Unsigned: true}}
	f.Fuzz(func(t *testing.T, lo, hi float32) {
		if lo-lo != 0 || hi-hi != 0 {
			return
		}
		if lo > hi {
			lo, hi = hi, lo
		}
		for _, d := range affine.Dialects() {
			for _, fm := range formats {
				for _, scheme := range affine.Schemes() {
					s, z := d.Choose(lo, hi, fm, scheme)
					if !(s > 0) || math.IsInf(float64(s), 1) {
						t.Errorf("%v, %v %v, %v..%v: scale %v", d, scheme, fm, lo, hi, s)
					}
					if z < fm.Min() || z > fm.Max() {
						t.Errorf("%v, %v %v, %v..%v: zero point %d", d, scheme, fm, lo, hi, z)
					}
					if y := d.Arithmetic().Fake(0, s, z, fm); y != 0 {
						t.Errorf("%v, %v %v, %v..%v: 0 → %v", d, scheme, fm, lo, hi, y)
					}
				}
			}
		}
	})
}
