package integer_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/quantized/integer"
)

// zoo is the built-in networks with the inputs that they are made for.
var zoo = []struct {
	name    string
	in      graph.Shape
	classes int
}{
	{"mlp", graph.Shape{C: 1, H: 8, W: 8}, 10},
	{"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12},
	{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10},
	{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2},
	{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0},
}

func affineInt8() fakequant.Scheme {
	s := fakequant.Int8()
	s.Activations.Scheme = affine.Affine
	return s
}

// affineWeights have zero points, per channel.
func affineWeights() fakequant.Scheme {
	s := affineInt8()
	s.Weights.Scheme, s.Weights.Format = affine.Affine, affine.Uint8
	return s
}

var schemes = []struct {
	name   string
	scheme fakequant.Scheme
}{
	{"W8A8", fakequant.Int8()},
	{"W8A8 affine", affineInt8()},
	{"W4A8", fakequant.Scheme{Weights: fakequant.Bits(4).Weights, Activations: fakequant.Int8().Activations}},
	{"W4A4", fakequant.Bits(4)},
	{"W8 affine, A8 affine", affineWeights()},
	{"W8", fakequant.Scheme{Weights: fakequant.Int8().Weights}},
}

// TestEngineIsTheEvaluator: what the training log reports for a quantized
// network is what the engine computes, element for element.
func TestEngineIsTheEvaluator(t *testing.T) {
	const n = 13 // not a multiple of anything
	for _, z := range zoo {
		for _, s := range schemes {
			t.Run(z.name+"/"+s.name, func(t *testing.T) {
				network, err := graph.Builtin(z.name, z.classes)
				if err != nil {
					t.Fatal(err)
				}
				same(t, trained(t, network, z.in, graph.Uniform(s.scheme)), n)
			})
		}
	}
}

// TestEveryLayerIsTheEvaluators does the same for the layers that the zoo lacks.
func TestEveryLayerIsTheEvaluators(t *testing.T) {
	for name, layers := range map[string][]graph.Layer{
		"functions": {
			graph.Conv2D(6, 3).Same(), graph.HardSwish(), graph.Conv2D(5, 3), graph.LeakyReLU(0.1),
			graph.Conv2D(4, 1), graph.Sigmoid(),
			graph.Conv2D(4, 3).Dilated(2), graph.Tanh(), graph.Flatten(), graph.Linear(7), graph.Softmax()},
		"pools": {
			graph.Conv2D(6, 3).Grouped(2).Same(), graph.ReLU6(), graph.AvgPool(3).Same().Strided(1),
			graph.MaxPool(2), graph.AvgPool(2), graph.Flatten(), graph.Linear(3)},
		"joins": {
			graph.Conv2D(4, 3).Same().Named("a"), graph.Conv2D(4, 1).Named("b").Taking(graph.InputName),
			graph.ReLU().Named("c"),
			graph.Add("a", "c").Named("d"), graph.Concat("d", "c", "a"), graph.Conv2D(3, 2), graph.ReLU(),
			graph.Reshape(graph.Shape{C: 9, H: 3, W: 11}), graph.Conv2D(2, 3), graph.Flatten(), graph.Linear(3)},
		"batch norm alone": {
			graph.BatchNorm(), graph.Conv2D(4, 3).Same().Named("a"), graph.BatchNorm(), graph.ReLU(),
			graph.Conv2D(4, 3).Same().Named("b"),
			graph.Add("a", "b"), graph.BatchNorm(), graph.ReLU6(), graph.MaxPool(3), graph.Flatten(),
			graph.BatchNorm(), graph.ReLU(), graph.Linear(5), graph.Tanh(), graph.BatchNorm()},
		"relu alone": {graph.MaxPool(2), graph.ReLU(), graph.Conv2D(4, 3), graph.ReLU6(), graph.ReLU(),
			graph.Flatten(), graph.Linear(3)},
		"image out":      {graph.Conv2D(4, 3), graph.ReLU(), graph.Conv2D(3, 1)},
		"flat and dense": {graph.Flatten(), graph.Linear(5), graph.ReLU(), graph.Linear(4)},
		"depthwise by two": {graph.Conv2D(8, 3).Grouped(4).Same(), graph.BatchNorm(), graph.ReLU(),
			graph.GlobalAvgPool(), graph.Flatten(), graph.Linear(2)},
	} {
		for _, s := range schemes {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				same(t, trained(t, graph.Chain(layers...), graph.Shape{C: 4, H: 12, W: 10}, graph.Uniform(s.scheme)), 9)
			})
		}
		for rule, q := range map[string]graph.Quantization{
			"convolutions stay float": {Default: ptr(fakequant.Int8()),
				Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindConv2D: nil}},
			"linear layers float": {Default: ptr(fakequant.Int8()),
				Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindLinear: nil}},
			"float output":    {Default: ptr(fakequant.Int8()), FloatOutput: true},
			"no quantization": {},
		} {
			t.Run(name+"/"+rule, func(t *testing.T) {
				same(t, trained(t, graph.Chain(layers...), graph.Shape{C: 4, H: 12, W: 10}, q), 9)
			})
		}
	}
}

func ptr[T any](v T) *T { return &v }

// trained is the network after two steps of training on noise.
func trained(t testing.TB, network graph.Network, in graph.Shape, q graph.Quantization) *graph.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	m, err := graph.New(network, in, q, rng)
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	const batch = 2
	trainer, err := m.Trainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for range 2 {
		if _, err := trainer.Step(noise(rng, batch*in.Size()), make([]int32, batch)); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= 0.05 * p.LRFactor * g
			}
		}
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}

func noise(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// same expects the evaluator's outputs from the engine, bit for bit.
func same(t *testing.T, m *graph.Model, n int) {
	t.Helper()
	e, err := m.Evaluator(n, true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x := noise(rand.New(rand.NewPCG(5, 6)), n*m.Input().Size())
	if _, err := e.Run(x, make([]int32, n)); err != nil {
		t.Fatal(err)
	}
	if least, greatest := slices.Min(e.Logits()), slices.Max(e.Logits()); least == greatest {
		t.Fatalf("all outputs are %v: they show nothing", least)
	}
	frozen, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	for _, weights := range []integer.Weights{integer.AtLoad, integer.JustInTime} {
		engine, err := integer.New(frozen, integer.Options{Weights: weights})
		if err != nil {
			t.Fatal(err)
		}
		y := make([]float32, n*engine.OutputSize())
		if err := engine.Run(y, x, n); err != nil {
			t.Fatal(err)
		}
		differ := 0
		for i, want := range e.Logits() {
			if y[i] != want {
				differ++
			}
		}
		if differ > 0 || len(y) != len(e.Logits()) {
			t.Errorf("%v: %d of %d outputs differ", weights, differ, len(y))
		}
	}
}
