package graph

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// toy is a weight between two integers: y = q(w)·x with the grid 0.8, 1.2 around the target
// w = 1. The gradient 2·(q(w) − 1)·E[x²] has the same size on both sides and
// points to the boundary, so from there on every step crosses it.
func toy(t *testing.T) (m *Model, step func()) {
	t.Helper()
	fixed := fakequant.Config{
		Format:   affine.Format{Bits: 4, Narrow: true},
		Observer: observers.Config{Kind: observers.Fixed, Min: -2.8, Max: 2.8}, // s = 0.4
	}
	network := Network{Layers: []Layer{Flatten(), Linear(1).Named("fc")}, Loss: MeanSquare}
	m, err := New(network, Shape{C: 1, H: 1, W: 1}, Uniform(fakequant.Scheme{Weights: fixed}),
		rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(2, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { trainer.Close() })
	w := m.units[1].weight
	w.Value[0], m.units[1].bias.Value[0] = 0.95, 0
	return m, func() {
		t.Helper()
		if _, err := trainer.Step([]float32{1, -1}, []int32{0, 0}); err != nil {
			t.Fatal(err)
		}
	}
}

// always is the same number for all layers.
func always(v float64) func(string) float64 { return func(string) float64 { return v } }

// descend is a step of plain gradient descent for the weights of the toy.
func descend(m *Model, lr float32) {
	w := m.units[1].weight
	w.Value[0] -= lr * w.Grad[0]
}

func TestToyWeightOscillatesUntilItIsFrozen(t *testing.T) {
	m, step := toy(t)
	if err := m.Watch(0.1); err != nil {
		t.Fatal(err)
	}
	w := m.units[1].weight
	var sides []bool
	run := func(steps int, threshold float64) {
		sides = nil
		for range steps {
			step()
			track(t, m)
			if _, err := m.Dampen(always(0)); err != nil {
				t.Fatal(err)
			}
			descend(m, 0.2)
			if err := m.FreezeOscillating(always(threshold)); err != nil {
				t.Fatal(err)
			}
			sides = append(sides, w.Value[0] > 1)
		}
	}
	run(40, 1)
	for i := 1; i < len(sides); i++ {
		if sides[i] == sides[i-1] {
			t.Fatalf("step %d does not cross the boundary: %v", i, sides)
		}
	}
	if got := m.Oscillating(); len(got) != 1 || got[0] != (Oscillating{"fc.weight", 1, 0}) {
		t.Errorf("report %+v, want all of fc.weight", got)
	}
	if got := m.Health(); len(got) != 1 || !strings.Contains(got[0].String(),
		"fc.weight: 100 % of the weights oscillate") {
		t.Errorf("warnings %v", got)
	}

	run(1, 0.5)
	held := w.Value[0]
	if held != float32(0.4)*2 && held != float32(0.4)*3 {
		t.Errorf("frozen at %v, want 2 or 3 steps of 0.4", held)
	}
	run(20, 1)
	if w.Value[0] != held || w.Grad[0] != 0 || slices.Contains(sides, !sides[0]) {
		t.Errorf("w = %v with gradient %v on the sides %v, want %v to stay", w.Value[0], w.Grad[0], sides, held)
	}
	if got := m.Oscillating()[0].Frozen; got != 1 {
		t.Errorf("%v of the weights are frozen, want all", got)
	}
}

// The loss pulls the toy's weight across 1 with 0.4. Dampening with λ = 1.5
// pulls back with 3·(w − 0.8), which is stronger from w = 0.93 on.
func TestDampeningEndsTheOscillation(t *testing.T) {
	m, step := toy(t)
	if err := m.Watch(0.1); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		step()
		track(t, m)
		if _, err := m.Dampen(always(1.5)); err != nil {
			t.Fatal(err)
		}
		descend(m, 0.05)
	}
	if got := m.Oscillating()[0].Share; got != 0 {
		t.Errorf("share %v after dampening, want 0", got)
	}
}
