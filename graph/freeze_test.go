package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/reference"
)

// images draws a batch of n random images.
func images(rng *rand.Rand, n int, s graph.Shape) []float32 {
	x := make([]float32, n*s.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// labels draws n labels.
func labels(rng *rand.Rand, n, classes int) []int32 {
	l := make([]int32, n)
	for i := range l {
		l[i] = int32(rng.IntN(classes))
	}
	return l
}

// trained is a small network with every kind of layer after a few steps of
// quantization-aware training with plain gradient descent.
func trained(t *testing.T, q graph.Quantization) *graph.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	network := graph.Chain(
		graph.Conv2D(5, 3).Same().Strided(2).Named("conv1"), graph.BatchNorm(), graph.ReLU(),
		graph.Conv2D(7, 3).Padded(1).Named("conv2"), graph.MaxPool(2), graph.ReLU(),
		graph.Flatten(), graph.Linear(6).Named("fc1"), graph.BatchNorm(), graph.ReLU(), graph.Linear(4).Named("fc2"))
	m, err := graph.New(network, graph.Shape{C: 3, H: 9, W: 10}, q, rng)
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(8, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for range 5 {
		if _, err := trainer.Step(images(rng, 8, m.Input()), labels(rng, 8, 4)); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= 0.1 * p.LRFactor * g
			}
		}
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}

func affineActivations() fakequant.Scheme {
	s := fakequant.Int8()
	s.Activations.Scheme = affine.Affine
	return s
}

func TestEvaluationIsTheFrozenModel(t *testing.T) {
	for name, q := range map[string]graph.Quantization{
		"W8A8":        graph.Uniform(fakequant.Int8()),
		"W8A8 affine": graph.Uniform(affineActivations()),
		"W4A4":        graph.Uniform(fakequant.Bits(4)),
		"W2A3, edges at 8": {Default: &fakequant.Scheme{Weights: fakequant.Bits(2).Weights,
			Activations: fakequant.Bits(3).Activations}, EdgeBits: 8},
		"W8A8, float output": {Default: ptr(fakequant.Int8()), FloatOutput: true},
		"weights only":       graph.Uniform(fakequant.Scheme{Weights: fakequant.Int8().Weights}),
		"W4 in blocks of 4":  graph.Uniform(fakequant.Scheme{Weights: blocks(4)}),
		"W4A8 in blocks of 32": graph.Uniform(fakequant.Scheme{Weights: blocks(32),
			Activations: fakequant.Int8().Activations}),
		"conv2 stays float": {Default: ptr(fakequant.Int8()), Names: []graph.NameRule{{Pattern: "conv2"}}},
		"linear layers float": {Default: ptr(fakequant.Int8()),
			Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindLinear: nil}},
		"nothing is quantized": {},
	} {
		t.Run(name, func(t *testing.T) {
			m := trained(t, q)
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			const n = 40
			x := images(rand.New(rand.NewPCG(5, 6)), n, m.Input())
			e, err := m.Evaluator(n, true)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if _, err := e.Run(x, make([]int32, n)); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				compare(t, frozen, e, x[i*m.Input().Size():(i+1)*m.Input().Size()], i, n)
			}
		})
	}
}

// The grid of a bias is that of the sums. At 2 bits it would often be as coarse as
// that of the output, so weights of fewer than 4 bits are shipped as multiples of
// a step, with scales that are so much smaller.
func TestBiasesOfFewBitsAreFine(t *testing.T) {
	for bits, step := range map[int]int32{2: 4, 3: 2, 4: 0, 8: 0} {
		m := trained(t, graph.Uniform(fakequant.Bits(bits)))
		frozen, err := m.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		_, views := m.Views()
		for _, v := range views {
			if v.Quant == nil {
				continue
			}
			called := func(n quantized.Node) bool { return n.Name == v.Layer.Name }
			n := frozen.Nodes[slices.IndexFunc(frozen.Nodes, called)]
			x, _ := frozen.Activation(n.Inputs[0])
			for o, s := range v.Quant.Params().Scale {
				want := x.Quant.Scale * (s / float32(max(step, 1)))
				if n.Weights.Step != step || n.Bias.Scale[o] != want {
					t.Errorf("%d bits, %s: step %d, scale of bias %d is %v, want %d and %v", bits, n.Name,
						n.Weights.Step, o, n.Bias.Scale[o], step, want)
				}
			}
		}
	}
}

// TestAffineActivationsAreUnsigned: a zero point makes room for negative numbers.
func TestAffineActivationsAreUnsigned(t *testing.T) {
	frozen, err := trained(t, graph.Uniform(affineActivations())).Freeze()
	if err != nil {
		t.Fatal(err)
	}
	negative := false
	for _, n := range frozen.Nodes {
		if f := n.Output.Quant.Format; f != affine.Uint8 {
			t.Errorf("%s is of %v, want uint8", n.Name, f)
		}
		negative = negative || n.Output.Quant.Zero > 0
	}
	if !negative {
		t.Error("no zero point is above 0, so that this tests nothing")
	}
}

func blocks(size int) fakequant.Config {
	c := fakequant.Bits(4).Weights
	c.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: size}
	return c
}

func ptr[T any](v T) *T { return &v }

// compare holds image i of the evaluator, layer by layer, to the definition of the
// frozen model: exactly where integers are quantized, to 1e−4 where real numbers
// are summed.
func compare(t *testing.T, m *quantized.Model, e *graph.Evaluator, x []float32, i, n int) {
	t.Helper()
	defined, err := reference.Run(m, reference.ONNXRuntime, chw(x, m.Input.Shape))
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range m.Nodes {
		y := defined[node.Name]
		got, err := e.Output(node.Name)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := 0.0
		if node.Output.Quant.Format.IsFloat() || node.Bias != nil && node.Bias.Float != nil {
			tolerance = 1e-4
		}
		for j, v := range chw(got[i*y.Len():(i+1)*y.Len()], node.Output.Shape) {
			if math.Abs(float64(v)-float64(y.Real(j))) > tolerance {
				t.Fatalf("image %d, layer %s: output %d is %v, the frozen model says %v", i, node.Name, j, v, y.Real(j))
			}
		}
	}
}

// chw permutes one image from H W C.
func chw(x []float32, shape []int) []float32 {
	y := make([]float32, len(x))
	c := shape[0]
	pixels := len(x) / c
	for p := range pixels {
		for k := range c {
			y[k*pixels+p] = x[p*c+k]
		}
	}
	return y
}

// A batch norm after a convolution or a linear layer freezes into its bias,
// β − μ·γ/σ, and its weights, w·γ/σ, here in float64.
func TestFoldedBatchNorm(t *testing.T) {
	for name, q := range map[string]graph.Quantization{"W8A8": graph.Uniform(fakequant.Int8()), "float": {}} {
		t.Run(name, func(t *testing.T) {
			m := trained(t, q)
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			folded := 0
			for _, l := range m.Weighted() {
				i := slices.IndexFunc(frozen.Nodes, func(n quantized.Node) bool { return n.Name == l.Layer })
				if l.BatchNorm == "" || i < 0 {
					continue
				}
				folded++
				n, f, mean := &frozen.Nodes[i], factors(m, l.BatchNorm), state(m, l.BatchNorm+".running_mean")
				for o, b := range n.Bias.Real() {
					step := 1e-6
					if n.Bias.Q != nil {
						step += 0.5001 * float64(n.Bias.Scale[o])
					}
					within(t, "bias", o, b, float64(param(m, l.BatchNorm+".bias")[o])-float64(mean[o])*f[o], step)
				}
				w, each := param(m, l.Layer+".weight"), n.Weights.Len()/n.Weights.Shape[0]
				for k, r := range n.Weights.Real() {
					step := 1e-6
					if n.Weights.Q != nil {
						step += 0.5001 * float64(n.Weights.Scale[n.Weights.ScaleIndex(k)])
					}
					within(t, "weight", k, r, float64(w[k])*f[k/each], step)
				}
			}
			if folded != 2 {
				t.Errorf("%d layers have a batch norm, want 2", folded)
			}
		})
	}
}

// within wants number i of a tensor to be within a step of what it should be.
func within(t *testing.T, tensor string, i int, got float32, want, step float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > step {
		t.Errorf("%s %d is %v, want %v", tensor, i, got, want)
	}
}

// factors are γ/σ of a batch norm.
func factors(m *graph.Model, norm string) (f []float64) {
	for o, v := range state(m, norm+".running_var") {
		f = append(f, float64(param(m, norm+".weight")[o])/math.Sqrt(float64(v)+1e-5))
	}
	return f
}

// state is a tensor of the model's state.
func state(m *graph.Model, name string) []float32 {
	for _, s := range m.State() {
		if s.Name == name {
			return s.F32
		}
	}
	return nil
}
