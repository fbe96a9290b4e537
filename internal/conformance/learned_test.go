package conformance_test

import (
	"math/rand/v2"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/conformance"
	"petrify/quantized/onnx"
	"petrify/train"
)

// TestLearnedZoo takes the MLPerf Tiny networks all the way: quantization-aware
// training until the frozen network's loss, on images that it has not seen, is
// at most half of that before the first step; the export to ONNX; and every
// operator there on integers, with the integer engine's outputs.
func TestLearnedZoo(t *testing.T) {
	for _, network := range []struct {
		name       string
		in         graph.Shape
		float, qat int // epochs of four steps
	}{
		{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 8, 3},
		{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 8, 3},
		{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 20, 6},
		{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 8, 3},
	} {
		for scheme, bits := range map[string]int{"W8A8": 8, "W4A4": 4} {
			t.Run(network.name+"/"+scheme, func(t *testing.T) {
				layers, err := graph.Builtin(network.name, 2)
				if err != nil {
					t.Fatal(err)
				}
				data := patterns(t, network.in)
				if layers.Loss == graph.MeanSquare {
					data.Classes = nil
				}
				first := 0.0
				result, err := train.Run(t.Context(), train.Config{
					Network: layers, Data: data, Batch: 4, Quantization: graph.Uniform(fakequant.Bits(bits)),
					Float: train.Stage{Epochs: network.float, LearningRate: 3e-3},
					QAT:   train.Stage{Epochs: network.qat, LearningRate: 1e-3},
					Events: train.Events{Step: func(s train.StepEnd) {
						if s.Stage == train.Float && s.Step == 1 {
							first = s.Loss
						}
					}},
				})
				if err != nil {
					t.Fatal(err)
				}
				if !(result.QAT.Loss <= first/2) {
					t.Errorf("the loss went from %.3f to %.3f on the frozen network", first, result.QAT.Loss)
				}
				integersOnly(t, result.Model)
				x := channelsFirst(data.Test.Values, network.in)
				equal(t, engineOutputs(t, result.Model, x),
					outputs(t, onnx.Options{}, conformance.Settings{}, result.Model, x))
			})
		}
	}
}

// patterns is a set of images of two classes: each image is a mixture of two
// patterns of its class, with a tenth of noise.
func patterns(t *testing.T, in graph.Shape) *datasets.Set {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	basis := images(rng, 4, in)
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Values: images(rng, n, in), Labels: make([]int32, n)}
		for i := range s.Labels {
			s.Labels[i] = int32(i % 2)
			image, share := s.Values[i*in.Size():][:in.Size()], rng.Float32()
			for j := range image {
				k := i%2*2*in.Size() + j
				image[j] = 0.1*image[j] + basis[k] + share*basis[k+in.Size()]
			}
		}
		return s
	}
	mean, std := make([]float32, in.C), make([]float32, in.C)
	for i := range std {
		std[i] = 1
	}
	set, err := datasets.New(datasets.Set{
		Name: "patterns", Shape: [3]int{in.C, in.H, in.W}, Classes: []string{"even", "odd"},
		Train: split(16), Test: split(8), Mean: mean, Std: std,
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}
