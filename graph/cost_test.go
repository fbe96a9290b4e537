package graph_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// TestCosts compares the cost of a layer's weights with models in which that layer
// alone is quantized, or alone is not.
func TestCosts(t *testing.T) {
	const batch = 12
	network, err := graph.Builtin("cnn", 10)
	if err != nil {
		t.Fatal(err)
	}
	rng, in := rand.New(rand.NewPCG(3, 5)), graph.Shape{C: 1, H: 12, W: 12}
	x, labels := images(rng, batch, in), make([]int32, batch)
	for i := range labels {
		labels[i] = rng.Int32N(10)
	}
	s := fakequant.Bits(2)
	s.Activations = fakequant.Config{}
	float := loss(t, observed(t, network, in, x, graph.Quantization{}), x, labels)
	m := observed(t, network, in, x, graph.Uniform(s))
	whole := loss(t, m, x, labels)
	c, err := m.Costs(batch)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, alone := range []bool{true, false} {
		layers := 0
		err := c.Each(x, labels, alone, func(layer string, got graph.Metrics, y []float32) error {
			layers++
			want := map[bool]graph.Metrics{true: float, false: whole}[alone]
			if layer != "" {
				rule := graph.NameRule{Pattern: layer}
				q := graph.Uniform(s)
				if alone {
					q.Default, rule.Scheme = nil, &s
				}
				q.Names = []graph.NameRule{rule}
				want = loss(t, observed(t, network, in, x, q), x, labels)
			}
			if math.Abs(got.Loss-want.Loss) > 1e-4 || got.Correct != want.Correct || len(y) != 10*batch {
				t.Errorf("alone %v, layer %q: %+v and %d outputs, want %+v", alone, layer, got, len(y), want)
			}
			return nil
		})
		if err != nil || layers != 5 {
			t.Fatalf("%v: %d passes, want one, and one for each of four layers", err, layers)
		}
	}
	stop := errors.New("stop")
	err = c.Each(x, labels, true, func(string, graph.Metrics, []float32) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want that of the caller", err)
	}
	if again := loss(t, m, x, labels); again != whole {
		t.Errorf("the model computes %+v afterwards, want %+v", again, whole)
	}
}

// observed is a model of fresh weights whose observers have seen x.
func observed(t *testing.T, network graph.Network, in graph.Shape, x []float32, q graph.Quantization) *graph.Model {
	t.Helper()
	m, err := graph.New(network, in, q, rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.FreezeBatchNorm(true)
	trainer, err := m.Trainer(len(x)/in.Size(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	if _, err := trainer.Step(x, make([]int32, len(x)/in.Size())); err != nil {
		t.Fatal(err)
	}
	return m
}

// loss is that of the quantized model.
func loss(t *testing.T, m *graph.Model, x []float32, labels []int32) graph.Metrics {
	t.Helper()
	e, err := m.Evaluator(len(labels), true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	metrics, err := e.Run(x, labels)
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}
