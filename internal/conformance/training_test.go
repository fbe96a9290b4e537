package conformance_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/train"
)

// builtin is a built-in network for ten classes.
func builtin(t *testing.T, name string) graph.Network {
	t.Helper()
	network, err := graph.Builtin(name, 10)
	if err != nil {
		t.Fatal(err)
	}
	return network
}

// trained is a network after a few steps of quantization-aware training on
// random images: enough for every scale to be its own.
func trained(t *testing.T, network graph.Network, in graph.Shape, q graph.Quantization) *graph.Model {
	t.Helper()
	return trainedFrom(t, network, in, q, nil)
}

// trainedFrom is trained, beginning with the given weights; nil: random ones.
func trainedFrom(t *testing.T, network graph.Network, in graph.Shape, q graph.Quantization,
	weights []graph.State,
) *graph.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	m, err := graph.New(network, in, q, rng)
	if err == nil && weights != nil {
		err = train.SetWeights(m, weights)
	}
	if err != nil {
		t.Fatal(err)
	}
	last := int32(m.Classes() - 1)
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(4, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for range 3 {
		if _, err := trainer.Step(images(rng, 4, in), []int32{0, 1, min(2, last), min(3, last)}); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= 0.01 * p.LRFactor * g
			}
		}
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}

// images are n random images, channels last.
func images(rng *rand.Rand, n int, in graph.Shape) []float32 {
	x := make([]float32, n*in.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// channelsFirst turns N H W C into N C H W.
func channelsFirst(x []float32, in graph.Shape) []float32 {
	y := make([]float32, len(x))
	plane := in.H * in.W
	for i := range x {
		image, at, c := i/in.Size(), i/in.C%plane, i%in.C
		y[image*in.Size()+c*plane+at] = x[i]
	}
	return y
}

// equal expects the graph's outputs in y, element for element.
func equal(t *testing.T, want, y []float32) {
	t.Helper()
	if len(y) != len(want) {
		t.Fatalf("%d elements, want %d", len(y), len(want))
	}
	differ, first := 0, 0
	for i := len(y) - 1; i >= 0; i-- {
		if y[i] != want[i] {
			differ, first = differ+1, i
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d elements differ; element %d is %v, want %v", differ, len(y), first, y[first], want[first])
	}
}

// signed makes ONNX Runtime use its kernels for int8 activations.
var signed = conformance.Settings{Config: map[string]string{"session.qdqisint8allowed": "1"}}

// TestGraph: what the fake-quantized graph evaluates is what ONNX Runtime
// computes from the exported file, and what the integer engine computes from
// the frozen model, for every built-in network.
func TestGraph(t *testing.T) {
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
		t.Run(network.name, func(t *testing.T) { agrees(t, builtin(t, network.name), network.in) })
	}
}

// TestBatchNormAlone is TestGraph for batch norms that follow no convolution:
// on the input, after sums and functions, on images and vectors.
func TestBatchNormAlone(t *testing.T) {
	for name, network := range map[string]struct {
		in     graph.Shape
		layers []graph.Layer
	}{
		"pre-activation": {graph.Shape{C: 3, H: 16, W: 15}, []graph.Layer{
			graph.BatchNorm(), graph.Conv2D(16, 3).Same().Named("stem"),
			graph.BatchNorm(), graph.ReLU(), graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU(),
			graph.Conv2D(16, 3).Same().Named("conv2"),
			graph.Add("stem", "conv2").Named("sum1"),
			graph.BatchNorm(), graph.ReLU6(), graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU6(),
			graph.Conv2D(16, 3).Same().Named("conv4"),
			graph.Add("sum1", "conv4"), graph.BatchNorm(), graph.ReLU(), graph.GlobalAvgPool(), graph.Flatten(),
			graph.Linear(10)}},
		"vectors": {graph.Shape{C: 40, H: 1, W: 1}, []graph.Layer{
			graph.BatchNorm(), graph.Linear(24), graph.ReLU(), graph.BatchNorm(), graph.Linear(24), graph.Sigmoid(),
			graph.BatchNorm(), graph.ReLU6(), graph.Linear(10)}},
		"first and last": {graph.Shape{C: 10, H: 1, W: 1},
			[]graph.Layer{graph.BatchNorm(), graph.ReLU(), graph.Linear(10), graph.Sigmoid(), graph.BatchNorm()}},
	} {
		t.Run(name, func(t *testing.T) { agrees(t, graph.Chain(network.layers...), network.in) })
	}
}

// agrees expects the graph's outputs from ONNX Runtime and the integer engine,
// computed only with integers.
func agrees(t *testing.T, network graph.Network, in graph.Shape) {
	t.Helper()
	affineActivations := fakequant.Int8()
	affineActivations.Activations.Scheme = affine.Affine
	w4a8 := fakequant.Scheme{Weights: fakequant.Bits(4).Weights, Activations: fakequant.Int8().Activations}
	for name, scheme := range map[string]fakequant.Scheme{
		"W8A8": fakequant.Int8(), "W8A8 affine": affineActivations, "W4A8": w4a8, "W4A4": fakequant.Bits(4),
	} {
		t.Run(name, func(t *testing.T) {
			m := trained(t, network, in, graph.Uniform(scheme))
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			integersOnly(t, frozen)
			const batches, size = 20, 50
			e, err := m.Evaluator(size, true)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			session := open(t, onnx.Options{}, conformance.Settings{}, frozen)
			rng := rand.New(rand.NewPCG(5, 6))
			for i := range batches {
				x := images(rng, size, in)
				if i == 0 {
					extremes(x, in.Size(), frozen.Input.Quant)
				}
				if _, err := e.Run(x, make([]int32, size)); err != nil {
					t.Fatal(err)
				}
				y, err := session.Run(channelsFirst(x, in))
				if err != nil {
					t.Fatal(err)
				}
				equal(t, e.Logits(), y)
				equal(t, e.Logits(), engineOutputs(t, frozen, channelsFirst(x, in)))
				if i == 0 {
					x := channelsFirst(x, in)
					for _, s := range int8Sessions {
						equal(t, engineWith(t, modes[s.mode], frozen, x),
							outputs(t, onnx.Options{Signed: true}, s.settings, frozen, x))
					}
				}
			}
		})
	}
}

// TestGraphSoftmax: a softmax inside a graph gives the elements of the integer
// engine and of ONNX Runtime.
func TestGraphSoftmax(t *testing.T) {
	affineActivations := fakequant.Int8()
	affineActivations.Activations.Scheme = affine.Affine
	for name, scheme := range map[string]fakequant.Scheme{"W8A8": fakequant.Int8(),
		"W8A8 affine": affineActivations, "W4A4": fakequant.Bits(4)} {
		t.Run(name, func(t *testing.T) {
			in := graph.Shape{C: 1, H: 8, W: 8}
			m := trained(t, graph.Chain(graph.Flatten(), graph.Linear(40), graph.Softmax()), in, graph.Uniform(scheme))
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			const n = 5000
			e, err := m.Evaluator(n, true)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			x := images(rand.New(rand.NewPCG(5, 6)), n, in)
			for i := range x { // from nearly equal probabilities to a certain class
				x[i] *= float32(i/in.Size()%50) / 10
			}
			extremes(x, in.Size(), frozen.Input.Quant)
			if _, err := e.Run(x, make([]int32, n)); err != nil {
				t.Fatal(err)
			}
			equal(t, e.Logits(), outputs(t, onnx.Options{}, conformance.Settings{}, frozen, x))
			equal(t, e.Logits(), engineOutputs(t, frozen, x))
		})
	}
}

// TestWeightOnly: with float activations the order of sums affects the last
// bits, so outputs agree to within a millionth of the greatest.
func TestWeightOnly(t *testing.T) {
	for name, bits := range map[string]int{"W8": 8, "W4": 4} {
		for kind, network := range map[string]graph.Network{
			"mlp": builtin(t, "mlp"), "lenet5": builtin(t, "lenet5"), "cnn": builtin(t, "cnn"),
			"batch norm alone": graph.Chain(graph.BatchNorm(), graph.Conv2D(4, 3), graph.ReLU(), graph.BatchNorm(),
				graph.Flatten(), graph.BatchNorm(), graph.Linear(10)),
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				in := graph.Shape{C: 1, H: 28, W: 28}
				m := trained(t, network, in, graph.Uniform(fakequant.Scheme{Weights: fakequant.Bits(bits).Weights}))
				frozen, err := m.Freeze()
				if err != nil {
					t.Fatal(err)
				}
				const n = 100
				e, err := m.Evaluator(n, true)
				if err != nil {
					t.Fatal(err)
				}
				defer e.Close()
				x := images(rand.New(rand.NewPCG(5, 6)), n, in)
				if _, err := e.Run(x, make([]int32, n)); err != nil {
					t.Fatal(err)
				}
				for _, o := range []onnx.Options{{}, {Opset: 21}} {
					alike(t, e.Logits(), outputs(t, o, conformance.Settings{}, frozen, channelsFirst(x, in)), 1e-6)
				}
			})
		}
	}
}

// extremes makes the first images of a batch all least, zero, all greatest,
// and ties between two integers.
func extremes(x []float32, size int, q quantized.Quant) {
	lo, hi := float32(q.Format.Min()-q.Zero), float32(q.Format.Max()-q.Zero)
	for i := range size {
		x[i] = lo * q.Scale
		x[size+i] = 0
		x[2*size+i] = hi * q.Scale
		x[3*size+i] = (lo + 0.5 + float32(i%int(hi-lo))) * q.Scale
	}
}

// integersOnly fails if ONNX Runtime computes anything of m with floats.
func integersOnly(t *testing.T, m *quantized.Model) {
	t.Helper()
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
}

// TestMainJob trains on the digits, exports, and lets ONNX Runtime classify the
// whole test split: its outputs are the integer engine's, and it is right
// exactly as often as the log says.
func TestMainJob(t *testing.T) {
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	network, err := graph.Builtin("cnn", len(data.Classes))
	if err != nil {
		t.Fatal(err)
	}
	result, err := train.Run(context.Background(), train.Config{
		Network: network, Data: data, Quantization: graph.Uniform(fakequant.Int8()),
		Float: train.Stage{Epochs: 3}, QAT: train.Stage{Epochs: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := graph.Shape{C: data.Shape[0], H: data.Shape[1], W: data.Shape[2]}
	correct, total := 0, data.Test.Len()
	for batch, err := range data.Batches(data.Test, datasets.BatchOptions{Size: total}) {
		if err != nil {
			t.Fatal(err)
		}
		x := channelsFirst(batch.X, in)
		y := outputs(t, onnx.Options{}, conformance.Settings{}, result.Model, x)
		equal(t, engineOutputs(t, result.Model, x), y)
		for i := range total {
			best := 0
			for c := range data.Classes {
				if y[i*len(data.Classes)+c] > y[i*len(data.Classes)+best] {
					best = c
				}
			}
			if int32(best) == batch.Labels[i] {
				correct++
			}
		}
	}
	if got := float64(correct) / float64(total); got != result.QAT.Accuracy {
		t.Errorf("ONNX Runtime is right on %d of %d images, %v; the log says %v", correct, total, got,
			result.QAT.Accuracy)
	}
}

// TestLayersThatStayFloat: ONNX Runtime does not quantize a layer again that the
// configuration left in float. Between integers its float sums may move a number
// to the neighbouring integer, which few elements show.
func TestLayersThatStayFloat(t *testing.T) {
	in := graph.Shape{C: 1, H: 28, W: 28}
	int8 := fakequant.Int8()
	for name, q := range map[string]graph.Quantization{
		"convolution": {Default: &int8, Names: []graph.NameRule{{Pattern: "conv2"}}},
		"linear":      {Default: &int8, Names: []graph.NameRule{{Pattern: "fc1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := trained(t, builtin(t, "lenet5"), in, q).Freeze()
			if err != nil {
				t.Fatal(err)
			}
			x := channelsFirst(images(rand.New(rand.NewPCG(5, 6)), 500, in), in)
			want, got := engineOutputs(t, m, x), outputs(t, onnx.Options{}, conformance.Settings{}, m, x)
			differ := 0
			for i, v := range want {
				if got[i] != v {
					differ++
				}
			}
			t.Logf("%d of %d outputs differ", differ, len(want))
			if differ > len(want)/1000 {
				t.Errorf("%d of %d outputs differ, want at most one in 1,000", differ, len(want))
			}
		})
	}
}
