package fakequant_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

func input(g *gorgonia.ExprGraph, name string, shape tensor.Shape, x []float32) *gorgonia.Node {
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithName(name),
		gorgonia.WithShape(shape...), gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))))
}

// normal returns n samples of a normal distribution.
func normal(rng *rand.Rand, n int, σ float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64() * σ)
	}
	return x
}

// TestNodeIsForwardAndBackward runs a training graph, loss = Σ dy·y, for every
// method, twice, and compares it with the calls on slices: the graph's output
// and gradients are theirs, which TestGradients checks.
func TestNodeIsForwardAndBackward(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, dy := normal(rng, 24, 1), normal(rng, 24, 1)
	for _, cfg := range configs() {
		t.Run(cfg.Method.String(), func(t *testing.T) {
			inGraph, onSlices := calibrated(t, cfg, x), calibrated(t, cfg, x)
			g := gorgonia.NewGraph()
			xn := input(g, "x", tensor.Shape{4, 6}, x)
			y, params, err := fakequant.Node(inGraph.Use(), xn)
			if err != nil {
				t.Fatal(err)
			}
			loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y,
				input(g, "dy", tensor.Shape{4, 6}, dy)))))
			grads, err := gorgonia.Grad(loss, append(gorgonia.Nodes{xn}, params...)...)
			if err != nil {
				t.Fatal(err)
			}
			vm := gorgonia.NewTapeMachine(g)
			defer vm.Close()
			for range 2 {
				inGraph.Begin()
				if err := vm.RunAll(); err != nil {
					t.Fatal(err)
				}
				wantY, wantDX, wantLearned := backward(t, onSlices, x, dy)
				if got := y.Value().Data().([]float32); !slices.Equal(got, wantY) {
					t.Errorf("y = %v, want %v", got, wantY)
				}
				for k, want := range append([][]float32{wantDX}, wantLearned...) {
					if got := grads[k].Value().Data().([]float32); !slices.Equal(got, want) {
						t.Errorf("gradient %d = %v, want %v", k, got, want)
					}
				}
				// What the optimizer writes, the next step sees.
				for _, q := range []*fakequant.Quantizer{inGraph, onSlices} {
					for _, l := range q.Learned() {
						l.Value[0] += 0.1
					}
				}
				vm.Reset()
			}
		})
	}
}

func TestFrozenNodeNeverObserves(t *testing.T) {
	q := ready(t, fakequant.Int8().Activations)
	if err := q.Observe([]float32{-1, 1}); err != nil {
		t.Fatal(err)
	}
	before := q.Params()

	g := gorgonia.NewGraph()
	y, err := fakequant.FrozenNode(q, input(g, "x", tensor.Shape{3}, []float32{-100, 0.5, 100}))
	if err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	s := before.Scale[0]
	if got, want := y.Value().Data().([]float32), []float32{-128 * s, 64 * s, 127 * s}; !slices.Equal(got, want) {
		t.Errorf("y = %v, want %v", got, want)
	}
	if after := q.Params(); !slices.Equal(after.Scale, before.Scale) || q.Observed() != 1 {
		t.Errorf("scale moved from %v to %v in evaluation", before.Scale, after.Scale)
	}
}

// ready returns a quantizer with both switches on.
func ready(t *testing.T, cfg fakequant.Config, shape ...int) *fakequant.Quantizer {
	t.Helper()
	q, err := fakequant.New("q", cfg, shape...)
	if err != nil {
		t.Fatal(err)
	}
	q.SetObserving(true)
	q.SetEnabled(true)
	return q
}

// fake is the equation, element by element.
func fake(x []float32, s float32, z int32, f affine.Format) []float32 {
	y := make([]float32, len(x))
	for i, r := range x {
		y[i] = affine.Fake(r, s, z, f)
	}
	return y
}
