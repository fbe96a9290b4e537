package coreml_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/sample"
	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/integer"
)

var (
	images = flag.Int("images", 4, "inputs for each of the built-in networks")
	drawn  = flag.Int("drawn", 60, "random networks whose packages are held to the definition")
)

// builtin is graph's networks with the inputs that they are made for.
var builtin = []struct {
	name    string
	in      graph.Shape
	classes int
}{
	{"mlp", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12},
	{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10},
	{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2},
	{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0},
}

// TestBuiltinNetworks trains each of graph's networks for two steps on noise,
// freezes it, and compares the written package with the integer engine, on -images
// inputs: in float32 no quantized output differs.
func TestBuiltinNetworks(t *testing.T) {
	for i, z := range builtin {
		if sample.Skips(i, 3) {
			continue
		}
		network, err := graph.Builtin(z.name, z.classes)
		if err != nil {
			t.Fatal(err)
		}
		compareSchemes(t, z.name, network, z.in, *images, 0)
	}
}

// TestLayers does the same for the layers that the built-in networks lack. Where
// windows are averaged, two output scales are allowed: a mean of four integers on
// their own scale is a tie in one case of four, which training rounds to either
// side, as it averages real numbers.
func TestLayers(t *testing.T) {
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
		"image out": {graph.Conv2D(4, 3), graph.ReLU(), graph.Conv2D(3, 1)},
	} {
		steps := 0
		if name == "pools" {
			steps = 2
		}
		compareSchemes(t, name, graph.Chain(layers...), graph.Shape{C: 4, H: 12, W: 10}, 50, steps)
	}
}

func compareSchemes(t *testing.T, name string, network graph.Network, in graph.Shape, n, steps int) {
	eight, four := fakequant.Int8(), fakequant.Bits(4)
	zeros := fakequant.Int8()
	zeros.Activations.Scheme = affine.Affine
	for _, c := range []struct {
		name   string
		target coreml.Target
		scheme fakequant.Scheme
	}{
		{"iOS16 W8", coreml.IOS16, fakequant.Scheme{Weights: eight.Weights}},
		{"iOS17 W8A8 symmetric", coreml.IOS17, eight},
		{"iOS17 W8A8 affine", coreml.IOS17, zeros},
		{"iOS18 W4A8", coreml.IOS18, fakequant.Scheme{Weights: four.Weights, Activations: eight.Activations}},
		{"iOS18 W4A4", coreml.IOS18, four},
	} {
		t.Run(name+"/"+c.name, func(t *testing.T) {
			compareWithEngine(t, trained(t, network, in, graph.Uniform(c.scheme)), c.target, n, steps)
		})
	}
}

// trained is the network after two steps of training on noise, frozen.
func trained(t *testing.T, network graph.Network, in graph.Shape, q graph.Quantization) *quantized.Model {
	t.Helper()
	m, err := graph.New(network, in, q, rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	const batch = 2
	rng := rand.New(rand.NewPCG(3, 4))
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for range 2 {
		if _, err := trainer.Step(noise(rng, batch*m.Input().Size()), make([]int32, batch)); err != nil {
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
	frozen, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	return frozen
}

func noise(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// planes is the image x, H W C, as C H W.
func planes(x []float32, shape []int) []float32 {
	y := make([]float32, len(x))
	for i, r := range x {
		y[i%shape[0]*(len(x)/shape[0])+i/shape[0]] = r
	}
	return y
}

func compareWithEngine(t *testing.T, m *quantized.Model, target coreml.Target, n, steps int) {
	t.Helper()
	machine, p := written(t, m, coreml.Options{Target: target, Precision: coreml.Float32})
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := noise(rand.New(rand.NewPCG(5, 6)), n*engine.InputSize())
	y := make([]float32, n*engine.OutputSize())
	if err := engine.Run(y, x, n); err != nil {
		t.Fatal(err)
	}
	out, _ := m.Activation(m.Output)
	tolerance := 1e-5
	if !out.Quant.IsFloat() {
		tolerance = float64(steps) * 1.0001 * float64(out.Quant.Scale)
	}
	near, same, differ, worst := 0, 0, 0, 0.0
	for i := range n {
		results, err := machine.Run(map[string][]float32{
			p.Model.Inputs[0].Name: planes(x[i*engine.InputSize():][:engine.InputSize()], m.Input.Shape),
		})
		if err != nil {
			t.Fatal(err)
		}
		got, want := results[p.Model.Outputs[0].Name].Numbers, make([]float64, engine.OutputSize())
		off, most := 0.0, 1.0
		for k := range want {
			want[k] = float64(y[i*len(want)+k])
			off, most = max(off, math.Abs(got[k]-want[k])), max(most, math.Abs(want[k]))
			if got[k] != want[k] {
				differ++
			}
		}
		if out.Quant.IsFloat() {
			off /= most
		}
		worst = max(worst, off)
		if off <= tolerance {
			near++
		}
		if best(got) == best(want) {
			same++
		}
	}
	t.Logf("%d of %d elements differ, by up to %.3g of %.3g allowed, %d of %d inputs within, %d predictions equal",
		differ, len(y), worst, tolerance, near, n, same)
	if exact := steps == 0 || out.Quant.IsFloat(); exact && near < n || near < n*95/100 || same < n*999/1000 {
		t.Errorf("largest difference %v: want %v; of %d inputs, %d within, %d predictions equal", worst, tolerance,
			n, near, same)
	}
}
