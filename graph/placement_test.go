package graph_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// The range of a bounded function makes a power of two of its scale, also where
// the network's edges have more bits than the rest.
func TestBoundedRangesAtTheEdges(t *testing.T) {
	for name, tt := range map[string]struct {
		layer    graph.Layer
		min, max float32
	}{
		"sigmoid": {graph.Sigmoid(), 0, 255. / 256}, "softmax": {graph.Softmax(), 0, 255. / 256},
		"tanh": {graph.Tanh(), -127. / 128, 127. / 128},
	} {
		network := graph.Chain(graph.Linear(3), tt.layer.Named("last"))
		q := graph.Uniform(fakequant.Bits(4))
		q.EdgeBits = 8
		m, err := graph.New(network, graph.Shape{C: 4, H: 1, W: 1}, q, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		all := m.Placements()
		last := all[len(all)-1]
		if o := last.Config.Observer; last.Tensor != "last" || last.Config.Format.Bits != 8 || o.Min != tt.min ||
			o.Max != tt.max {
			t.Errorf("%s: %s %v has the range %v..%v, want %v..%v", name, last.Tensor, last.Config.Format, o.Min,
				o.Max, tt.min, tt.max)
		}
	}
}

// A tensor that is never negative has the zero point 0, which learns nothing; others
// keep the method.
func TestZeroPointsOfNonNegativeTensorsDoNotLearn(t *testing.T) {
	network := graph.Chain(graph.Linear(4).Named("signed"), graph.Linear(4).Named("positive"), graph.ReLU(),
		graph.Linear(3).Named("last"))
	q := graph.Uniform(fakequant.FewBits(2))
	m, err := graph.New(network, graph.Shape{C: 4, H: 1, W: 1}, q, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]fakequant.Method{}
	for _, p := range m.Placements() {
		found[p.Tensor] = p.Config.Method
	}
	for tensor, want := range map[string]fakequant.Method{
		"input": fakequant.LSQPlus, "signed": fakequant.LSQPlus, "positive": fakequant.LSQ, "last": fakequant.LSQPlus,
	} {
		if found[tensor] != want {
			t.Errorf("%s: %v, want %v; all: %v", tensor, found[tensor], want, found)
		}
	}
}
