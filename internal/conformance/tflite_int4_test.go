package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
)

// packed is how the engine computes what LiteRT does with weights two to a byte.
var packed = integer.Options{Requantization: integer.XNNPACK, Int4: true}

// TestTFLiteInt4: weights two to a byte give the engine's integers, in every
// operation that packs them and in random networks, also where most sums end at a
// tie, which convolutions with windows then round up.
func TestTFLiteInt4(t *testing.T) {
	runtimes := tflites{startPackage(t, conformance.LiteRT)}
	narrow := affine.Format{Bits: 4, Narrow: true}
	for schemeName, scheme := range map[string]quantizedtest.Scheme{
		"W4A8": {Weights: narrow, Positive: affine.Uint8, Signed: affine.Int8},
		"ties": {Weights: narrow, Positive: affine.Uint8, Signed: affine.Int8, PowersOfTwo: true},
		"ties per tensor": {Weights: affine.Format{Bits: 2}, PerTensor: true, Positive: affine.Uint8,
			Signed: affine.Int8, PowersOfTwo: true},
		"W4A8 per tensor": {Weights: narrow, PerTensor: true, Positive: affine.Uint8, Signed: affine.Uint8,
			Affine: true},
		"W4A4":        {Weights: narrow, Positive: affine.Format{Bits: 4, Unsigned: true}, Signed: affine.Format{Bits: 4}},
		"ternary":     quantizedtest.Ternary,
		"binary ties": {Weights: affine.Binary, Positive: affine.Uint8, Signed: affine.Int8, PowersOfTwo: true},
		"W3A8 affine": {Weights: affine.Format{Bits: 3}, Positive: affine.Uint8, Signed: affine.Uint8, Affine: true},
	} {
		agree := func(name string, b *quantizedtest.Builder, m *quantized.Model) {
			x := integersOf(m, b.Inputs(m, 60))
			share(t, m)
			int4 := tflite.Options{Int4: true}
			if tflite.Write(discard{}, m, int4) != nil {
				return // nothing to pack, or nothing that the format can hold
			}
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				y := tfliteBytes(t, runtimes, int4, m, x)
				if count, most := differing(t, packed, m, x, y); count != 0 {
					t.Errorf("%d of %d elements differ, by %d at most", count, len(y), most)
				}
			})
		}
		for name, build := range builders {
			b := quantizedtest.New(rand.New(rand.NewPCG(33, 34)), scheme, 4, 8, 8)
			agree(name, b, b.Model(build(b)))
		}
		for seed := range uint64(40) {
			b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 51)), scheme, int(seed%10))
			agree(fmt.Sprint(seed), b, m)
		}
	}
}
