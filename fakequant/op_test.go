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

// TestNodeIsForwardAndBackward runs a training graph, loss = Σ c·y, and
// compares it with the calls on slices.
func TestNodeIsForwardAndBackward(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, c := normal(rng, 24, 1), normal(rng, 24, 1)
	for _, cfg := range []fakequant.Config{fakequant.Int8().Weights, fakequant.Bits(2).Activations} {
		inGraph, onSlices := ready(t, cfg, 4), ready(t, cfg, 4)

		g := gorgonia.NewGraph()
		xn := input(g, "x", tensor.Shape{4, 6}, x)
		y, params, err := fakequant.Node(inGraph, xn)
		if err != nil {
			t.Fatal(err)
		}
		if len(params) != 0 {
			t.Errorf("%d learned nodes, want none", len(params))
		}
		loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, input(g, "c", tensor.Shape{4, 6}, c)))))
		grads, err := gorgonia.Grad(loss, xn)
		if err != nil {
			t.Fatal(err)
		}
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		for range 2 {
			if err := vm.RunAll(); err != nil {
				t.Fatal(err)
			}
			vm.Reset()
		}

		wantY, wantDX := make([]float32, 24), make([]float32, 24)
		for range 2 {
			if err := onSlices.Forward(wantY, x); err != nil {
				t.Fatal(err)
			}
		}
		if err := onSlices.Backward(wantDX, nil, c, x); err != nil {
			t.Fatal(err)
		}
		if got := y.Value().Data().([]float32); !slices.Equal(got, wantY) {
			t.Errorf("y = %v, want %v", got, wantY)
		}
		if got := grads[0].Value().Data().([]float32); !slices.Equal(got, wantDX) {
			t.Errorf("dx = %v, want %v", got, wantDX)
		}
		if inGraph.Observed() != 2 {
			t.Errorf("observed %d times, want 2", inGraph.Observed())
		}
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
