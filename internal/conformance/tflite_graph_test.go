package conformance_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/tflite"
)

// TestTFLiteGraph: every built-in network, frozen after some training, gives
// TensorFlow Lite's integers by XNNPACK's arithmetic; and by training's own, if
// it neither adds nor takes means of windows. Else a percent of them may differ.
func TestTFLiteGraph(t *testing.T) {
	runtimes := startTFLite(t)
	affineActivations := fakequant.Int8()
	affineActivations.Activations.Scheme = affine.Affine
	w4a8 := fakequant.Scheme{Weights: fakequant.Bits(4).Weights, Activations: fakequant.Int8().Activations}
	for name, scheme := range map[string]fakequant.Scheme{
		"W8A8": fakequant.Int8(), "W8A8 affine": affineActivations, "W4A8": w4a8, "W4A4": fakequant.Bits(4),
	} {
		for _, network := range []struct {
			name string
			in   graph.Shape
		}{
			{"mlp", graph.Shape{C: 1, H: 8, W: 8}},
			{"lenet5", graph.Shape{C: 1, H: 28, W: 28}},
			{"cnn", graph.Shape{C: 1, H: 28, W: 28}},
			{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}},
			{"resnet8", graph.Shape{C: 3, H: 32, W: 32}},
			{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}},
			{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}},
		} {
			t.Run(network.name+"/"+name, func(t *testing.T) {
				m, err := trained(t, builtin(t, network.name), network.in, graph.Uniform(scheme)).Freeze()
				if err != nil {
					t.Fatal(err)
				}
				const n = 100
				x := images(rand.New(rand.NewPCG(45, 46)), n, network.in)
				extremes(x, network.in.Size(), m.Input.Quant)
				q := integersOf(m, channelsFirst(x, network.in))
				y := tfliteBytes(t, runtimes, tflite.Options{}, m, q)
				if count, _ := differing(t, xnnpack, m, q, y); count != 0 {
					t.Errorf("%d of %d elements differ from XNNPACK's arithmetic", count, len(y))
				}
				int4 := tflite.Options{Int4: true}
				if tflite.Write(discard{}, m, int4) == nil {
					y := tfliteBytes(t, runtimes[1:], int4, m, q)
					if count, _ := differing(t, packed, m, q, y); count != 0 {
						t.Errorf("%d of %d elements differ from LiteRT's arithmetic", count, len(y))
					}
				}
				allowed := 0
				if roundsOtherwise(m) {
					allowed = len(y) / 100
				}
				if count, most := differing(t, integer.Options{}, m, q, y); count > allowed {
					t.Errorf("%d of %d elements differ from training's arithmetic, by %d at most: want %d", count,
						len(y), most, allowed)
				}
			})
		}
	}
}

// roundsOtherwise reports whether TensorFlow Lite rounds a layer of m in another
// way than training does.
func roundsOtherwise(m *quantized.Model) bool {
	for i := range m.Nodes {
		if op := m.Nodes[i].Op; op == quantized.Add || op == quantized.AvgPool {
			return true
		}
	}
	return false
}
