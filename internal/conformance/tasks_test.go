package conformance_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/conformance"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/train"
)

// TestTasks: networks that learned numbers or labels give in ONNX Runtime, element for
// element, what the definition says, in the targets' units: the mean error of its outputs
// is that of the run. TensorFlow Lite and C give the engine's integers.
func TestTasks(t *testing.T) {
	numbers, err := datasets.Open("../../datasets/testdata/diabetes.csv", datasets.Options{Label: "progression"})
	if err != nil {
		t.Fatal(err)
	}
	zeroPoints := fakequant.Int8()
	zeroPoints.Activations.Scheme, zeroPoints.Activations.Format.Unsigned = affine.Affine, true
	float := graph.Uniform(fakequant.Int8())
	float.FloatOutput = true
	runtimes := startTFLite(t)
	var c program
	rng := rand.New(rand.NewPCG(5, 0))
	for _, data := range []*datasets.Set{numbers, threeLabels(t)} {
		for name, q := range map[string]graph.Quantization{"int8": graph.Uniform(fakequant.Int8()),
			"zero points": graph.Uniform(zeroPoints), "float output": float,
			"4 bits": graph.Uniform(fakequant.FewBits(4))} {
			t.Run(data.Target.String()+"/"+name, func(t *testing.T) {
				r, err := train.Run(t.Context(), train.Config{Data: data, Quantization: q, Batch: 32,
					Network: graph.Chain(graph.Linear(16), graph.ReLU(), graph.Linear(data.Outputs())),
					Float:   train.Stage{Epochs: 20, LearningRate: 0.01}, QAT: train.Stage{Epochs: 4}})
				if err != nil {
					t.Fatal(err)
				}
				var x, is []float32
				for b, err := range data.Batches(data.Test, datasets.BatchOptions{Size: data.Test.Len()}) {
					if err != nil {
						t.Fatal(err)
					}
					x, is = slices.Clone(b.X), slices.Clone(b.Targets)
				}
				y := outputs(t, onnx.Options{}, conformance.Settings{}, r.Model, x)
				if name == "float output" {
					near(t, r.Model, x, y)
				} else {
					same(t, r.Model, x, y)
				}
				if name == "int8" || name == "zero points" {
					tfliteAgrees(t, runtimes, r.Model, integersOf(r.Model, x))
					c.add(data.Target.String()+" "+name, r.Model, byteInputs(rng, r.Model, 32), integer.Float32)
				}
				sum := 0.0
				for i := range y {
					sum += math.Abs(float64(y[i])-float64(is[i])) / float64(len(y))
				}
				if data == numbers && math.Abs(sum-r.QAT.MAE) > 1e-4 {
					t.Errorf("mean error %v, in the run %v", sum, r.QAT.MAE)
				}
			})
		}
	}
	c.check(t, plain)
}

// threeLabels is a set whose labels depend on three features.
func threeLabels(t *testing.T) *datasets.Set {
	t.Helper()
	rng := rand.New(rand.NewPCG(8, 9))
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Labels: make([]int32, n)}
		for range n {
			x := [3]float32{float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())}
			s.Values = append(s.Values, x[:]...)
			for k := range x {
				is := float32(0)
				if x[k] > x[(k+1)%3] {
					is = 1
				}
				s.Targets = append(s.Targets, is)
			}
		}
		return s
	}
	s, err := datasets.New(datasets.Set{Name: "labels", Shape: [3]int{3, 1, 1}, Target: datasets.LabelTargets,
		Targets: []string{"a", "b", "c"}, Train: split(320), Test: split(64)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPixels: U-Nets that learned a class for each pixel give the definition's logits in ONNX
// Runtime, and in TensorFlow Lite and C the engine's integers.
func TestPixels(t *testing.T) {
	data := twoHalves(t)
	zeroPoints := fakequant.Int8()
	zeroPoints.Activations.Scheme, zeroPoints.Activations.Format.Unsigned = affine.Affine, true
	runtimes := startTFLite(t)
	var c program
	rng := rand.New(rand.NewPCG(6, 0))
	for name, scheme := range map[string]fakequant.Scheme{"int8": fakequant.Int8(), "zero points": zeroPoints} {
		for _, builtin := range []string{"unet-tiny", "conv-autoencoder"} {
			t.Run(builtin+"/"+name, func(t *testing.T) {
				network, err := graph.Builtin(builtin, 0)
				if err != nil {
					t.Fatal(err)
				}
				r, err := train.Run(t.Context(), train.Config{Data: data, Quantization: graph.Uniform(scheme), Batch: 16,
					Network: network.PerPixel(len(data.Targets)), Objective: train.Objective{Loss: train.PixelCrossEntropyDice},
					Float: train.Stage{Epochs: 3, LearningRate: 0.01}, QAT: train.Stage{Epochs: 1}})
				if err != nil {
					t.Fatal(err)
				}
				var x []float32
				for b, err := range data.Batches(data.Test, datasets.BatchOptions{Size: data.Test.Len()}) {
					if err != nil {
						t.Fatal(err)
					}
					x = slices.Clone(b.X)
				}
				same(t, r.Model, x, outputs(t, onnx.Options{}, conformance.Settings{}, r.Model, x))
				tfliteAgrees(t, runtimes, r.Model, integersOf(r.Model, x))
				c.add(builtin+" "+name, r.Model, byteInputs(rng, r.Model, 8), integer.Float32)
			})
		}
	}
	c.check(t, plain)
}

// twoHalves is a set of pictures in two halves, one of which is brighter, and a third class
// between them.
func twoHalves(t *testing.T) *datasets.Set {
	t.Helper()
	const side = 12
	rng := rand.New(rand.NewPCG(4, 9))
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Labels: make([]int32, n)}
		for range n {
			at := 3 + rng.IntN(side-6)
			for k := range side * side {
				class := uint8(0)
				switch {
				case k%side == at:
					class = 2
				case k%side > at:
					class = 1
				}
				s.Masks = append(s.Masks, class)
				s.Images = append(s.Images, uint8(70*int(class)+rng.IntN(60)))
			}
		}
		return s
	}
	s, err := datasets.New(datasets.Set{Name: "halves", Shape: [3]int{1, side, side}, Target: datasets.PixelTargets,
		Targets: []string{"dark", "bright", "between"}, Train: split(64), Test: split(8)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
