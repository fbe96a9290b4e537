package graph_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// A training step with frozen ranges and statistics computes what the integers
// compute, but for float32 rounding behind the sums: here and there an
// activation at a tie goes to its neighbour. A batch norm that stands alone has
// few integers to a sum, and its bias is on a coarser grid. docs/numerics.md
// quotes the shares.
func TestTrainingStepsAreNearlyTheIntegers(t *testing.T) {
	q := graph.Uniform(fakequant.Int8())
	alone := graph.Chain(graph.BatchNorm(), graph.ReLU(), graph.Flatten())
	t.Run("folded", func(t *testing.T) { nearlyTheIntegers(t, trained(t, q), 200) })
	t.Run("alone", func(t *testing.T) { nearlyTheIntegers(t, stepped(t, alone, q), 100) })
}

// nearlyTheIntegers fails where more than one output in so many differs.
func nearlyTheIntegers(t *testing.T, m *graph.Model, most int) {
	t.Helper()
	m.SetObservers(false)
	m.FreezeBatchNorm(true)
	trainer, err := m.Trainer(64, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	e, err := m.Evaluator(64, true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	differ, count := 0, 0
	for range 50 {
		x, l := images(rng, 64, m.Input()), labels(rng, 64, 4)
		if _, err := trainer.Step(x, l); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Run(x, l); err != nil {
			t.Fatal(err)
		}
		for i, y := range trainer.Outputs() {
			count++
			if y != e.Logits()[i] {
				differ++
			}
		}
	}
	t.Logf("%d of %d outputs differ", differ, count)
	if differ > count/most {
		t.Errorf("%d of %d outputs differ, want at most one in %d", differ, count, most)
	}
}
