package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// TestRounding: functions of all integers, sums of all pairs, means and softmaxes
// next to ties round as the definition does: in ONNX Runtime, in files of uint8 and
// of int8; and in C, where the definition is the engine.
func TestRounding(t *testing.T) {
	for seed := range uint64(12) {
		var p program
		for _, c := range quantizedtest.Rounding(rand.New(rand.NewPCG(seed, 12))) {
			p.add(c.Name, c.Model, byteInputs(rand.New(rand.NewPCG(3, 4)), c.Model, 5), requantizations...)
			for mode, o := range map[reference.Mode]onnx.Options{reference.ONNXRuntime: {},
				reference.ONNXRuntimeInt8: {Signed: true}} {
				t.Run(fmt.Sprint(seed, " ", c.Name, " ", mode), func(t *testing.T) {
					if _, err := o.Encode(c.Model); err != nil && strings.HasPrefix(c.Name, "softmax") {
						t.Log("refused: ", err)
						return
					}
					settings := conformance.Settings{}
					if o.Signed {
						settings = signed
					}
					equal(t, defined(t, mode, c.Model, c.X), outputs(t, o, settings, c.Model, c.X))
				})
			}
		}
		t.Run(fmt.Sprint(seed, " C"), func(t *testing.T) { p.check(t, plain) })
	}
}
