package conformance_test

import (
	"math/rand/v2"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// zoo are the networks of MLPerf Tiny.
var zoo = map[string]func(*rand.Rand, quantizedtest.Scheme) (*quantizedtest.Builder, *quantized.Model){
	"ResNet-8": quantizedtest.ResNet8, "DS-CNN": quantizedtest.DSCNN,
	"MobileNetV1 0.25": quantizedtest.MobileNet, "autoencoder": quantizedtest.Autoencoder,
}

// TestZoo: whole networks, integer kernels throughout, no element differs.
func TestZoo(t *testing.T) {
	for schemeName, scheme := range map[string]quantizedtest.Scheme{
		"W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine, "W4A8": quantizedtest.W4A8,
		"W4A4": quantizedtest.W4A4,
	} {
		for name, build := range zoo {
			t.Run(name+"/"+schemeName, func(t *testing.T) {
				b, m := build(rand.New(rand.NewPCG(11, 12)), scheme)
				x := b.Inputs(m, 4)
				x = x[len(x)/4*3:] // the first three are constant
				same(t, m, x, outputs(t, onnx.Options{}, conformance.Settings{}, m, x))
				file, err := onnx.Options{}.Encode(m)
				if err != nil {
					t.Fatal(err)
				}
				operators, err := conformance.Operators(file, conformance.Settings{})
				if err != nil {
					t.Fatal(err)
				}
				if float, quantizers := unfused(operators); len(float) > 0 || quantizers > 0 {
					t.Errorf("%v compute with floats, %d quantizers too many, in %v", float, quantizers, operators)
				}
			})
		}
	}
}
