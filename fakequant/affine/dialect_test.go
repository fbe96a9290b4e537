package affine_test

import (
	"math"
	"testing"

	"petrify/fakequant/affine"
)

func TestDefaultDialect(t *testing.T) {
	uint4 := affine.Format{Bits: 4, Unsigned: true}
	floor := float32(math.Ldexp(1, -14))
	for _, test := range []struct {
		name     string
		min, max float32
		f        affine.Format
		scheme   affine.Scheme
		s        float32
		z        int32
	}{
		{"weights", -1, 0.9, affine.Int8Narrow, affine.Symmetric, 1.0 / 127, 0},
		{"full range divides by 127 too", -1, 0.9, affine.Int8, affine.Symmetric, 1.0 / 127, 0},
		{"after a ReLU", 0, 6, affine.Uint8, affine.Symmetric, 6.0 / 255, 0},
		{"unsigned symmetric looks at the maximum alone", -9, 6, affine.Uint8, affine.Symmetric, 6.0 / 255, 0},
		{"affine", -1, 2, affine.Uint8, affine.Affine, 3.0 / 255, 85},
		{"affine, signed", -1, 2, affine.Int8, affine.Affine, 3.0 / 255, -43},
		{"affine, range above zero", 10, 20, affine.Uint8, affine.Affine, 20.0 / 255, 0},
		{"affine, range below zero", -20, -10, affine.Uint8, affine.Affine, 20.0 / 255, 255},
		{"constant", 2, 2, affine.Uint8, affine.Affine, 2.0 / 255, 0},
		{"4 bits", 0, 3, uint4, affine.Symmetric, 0.2, 0},
		{"all zero", 0, 0, affine.Int8Narrow, affine.Symmetric, floor, 0},
		{"all zero, affine", 0, 0, affine.Uint8, affine.Affine, floor, 0},
		{"would vanish in float16", -1e-6, 1e-6, affine.Int8Narrow, affine.Symmetric, floor, 0},
		{"subnormal", 0, 1e-44, affine.Uint8, affine.Affine, floor, 0},
		{"power of two, up", -1, 0.9, affine.Int8Narrow, affine.PowerOfTwo, 1.0 / 64, 0},
		{"power of two, exact", -127.0 / 64, 0, affine.Int8Narrow, affine.PowerOfTwo, 1.0 / 64, 0},
		{"power of two, nearest below", -1, 0.9, affine.Int8Narrow, affine.PowerOfTwoNearest, 1.0 / 128, 0},
		{"power of two, nearest above", -1.5, 0.9, affine.Int8Narrow, affine.PowerOfTwoNearest, 1.0 / 64, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, z := affine.Default.Choose(test.min, test.max, test.f, test.scheme)
			if s != test.s || z != test.z {
				t.Errorf("Choose = %v, %d; want %v, %d", s, z, test.s, test.z)
			}
		})
	}
}

func TestHugeRangeStaysFinite(t *testing.T) {
	const huge = math.MaxFloat32
	for _, scheme := range []affine.Scheme{affine.Symmetric, affine.Affine} {
		s, z := affine.Default.Choose(-huge, huge, affine.Int8, scheme)
		for _, r := range []float32{-huge, 0, huge} {
			if y := affine.Fake(r, s, z, affine.Int8); y-y != 0 {
				t.Errorf("%v: Fake(%v) = %v with scale %v", scheme, r, y, s)
			}
		}
	}
}
