package graph

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// smoothable is a network with every sort of link: from convolutions with and without batch
// norm, a batch norm alone, layer norms and linear layers, through pools and two flattens, to
// one product or two.
func smoothable(t *testing.T) (m *Model, x []float32) {
	t.Helper()
	n := Chain(
		Conv2D(6, 3).Same().Named("a"), BatchNorm(), ReLU(), MaxPool(2),
		DepthwiseConv2D(3).Same().Named("b"), LeakyReLU(0.1),
		Layer{Name: "c", Kind: KindConv2D, Units: 4, Kernel: [2]int{1, 1}, Groups: 2}, Tanh(),
		BatchNorm().Named("alone"), AvgPool(2), Flatten(), Flatten(), Linear(6).Named("d"),
		LayerNorm().Named("n"), Linear(5).Named("left"),
		Linear(5).Named("right").Taking("n"), Add("left", "right"), Sigmoid(), LayerNorm().Named("m"), Linear(3))
	in := Shape{C: 2, H: 8, W: 8}
	rng := rand.New(rand.NewPCG(4, 4))
	m, err := New(n, in, Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] = (p.Value[i] + 0.1) * float32(math.Exp(rng.NormFloat64()))
		}
	}
	x = make([]float32, 5*in.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return m, x
}

// After smoothing, the ranges of a channel are those of the paper's equation: max|X|^(1−α)
// times max|W|^(1−α) in activations, the same with α in weights. So they are equal with 1/2,
// and with 1 all those of activations are 1.
func TestSmoothedRanges(t *testing.T) {
	for _, α := range []float64{0.25, 0.5, 0.75, 1} {
		m, x := smoothable(t)
		links := m.links((*unit).absorbs)
		want := map[string]int{"a": 1, "b": 1, "alone": 1, "n": 2, "m": 1}
		for _, l := range links {
			if want[l.first.name()] != len(l.readers) {
				t.Errorf("a link from %s to %d products", l.first.name(), len(l.readers))
			}
			delete(want, l.first.name())
		}
		if len(want) > 0 {
			t.Errorf("no link from %v", want)
		}
		if err := m.Smooth(t.Context(), α, x); err != nil {
			t.Fatal(err)
		}
		most, err := m.greatest(t.Context(), links, x)
		if err != nil {
			t.Fatal(err)
		}
		for at, l := range links {
			for j, w := range l.ranges() {
				r := most[at][j]
				if r == 0 || w == 0 {
					continue
				}
				// r = (R·W)^(1−α) and w = (R·W)^α for what R and W were.
				if d := α*math.Log(r) - (1-α)*math.Log(w); math.Abs(d) > 1e-4 {
					t.Errorf("α %v: %s, channel %d: %v in activations, %v in weights", α, l.first.name(), j, r, w)
				}
			}
		}
	}
}

// An interruption ends it.
func TestSmoothingStops(t *testing.T) {
	m, x := smoothable(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Smooth(ctx, 0.5, x); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}
