package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

// In memory that nodes share, training steps and evaluations of random networks compute the
// same bits as with memory for each node.
func TestSharedMemoryChangesNothing(t *testing.T) {
	for seed := range sample.Of(uint64(100), 10) {
		for _, quantized := range []bool{false, true} {
			t.Run(fmt.Sprint(seed, " ", quantized), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 3))
				n, in := randnet.Network(rng, randnet.Options{})
				var q graph.Quantization
				if quantized {
					q = randnet.Quantization(rng, n, in)
				}
				shared, whole := newModel(t, n, in, q), newModel(t, n, in, q)
				a, err := shared.Trainer(3, quantized)
				if err != nil {
					t.Fatal(err)
				}
				defer a.Close()
				b, err := whole.WholeTrainer(3, quantized)
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				if a.Memory() > b.Memory() {
					t.Errorf("%d bytes, without sharing %d", a.Memory(), b.Memory())
				}
				for step := range 3 {
					s := graph.Switches{Observe: step < 2, Quantize: step > 0, BatchNormFrozen: step == 2}
					var got [2]string
					x := images(rng, 3, in)
					for i, trainer := range []*graph.Trainer{a, b} {
						m := []*graph.Model{shared, whole}[i]
						m.Switch(func(string) graph.Switches { return s })
						metrics, err := trainer.Step(x, []int32{0, 1, -1})
						got[i] = fmt.Sprint(metrics, err)
					}
					if got[0] != got[1] {
						t.Fatalf("step %d: %s, without sharing %s", step, got[0], got[1])
					}
					sameModels(t, shared, whole)
				}
				evaluates(t, shared, images(rng, 3, in), quantized)
			})
		}
	}
}

func newModel(t *testing.T, n graph.Network, in graph.Shape, q graph.Quantization) *graph.Model {
	t.Helper()
	m, err := graph.New(n, in, q, rand.New(rand.NewPCG(5, 6)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sameModels compares gradients and all state.
func sameModels(t *testing.T, a, b *graph.Model) {
	t.Helper()
	for i, p := range a.Params() {
		sameBits(t, p.Name+"'s gradient", p.Grad, b.Params()[i].Grad)
	}
	for i, s := range a.State() {
		sameBits(t, s.Name, s.F32, b.State()[i].F32)
	}
}

// evaluates compares the outputs of an evaluation with those where all values are kept.
func evaluates(t *testing.T, m *graph.Model, x []float32, quantized bool) {
	t.Helper()
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	e, err := m.Evaluator(3, quantized)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(x, make([]int32, 3)); err != nil {
		return // as random networks may, which have no outputs then
	}
	got := slices.Clone(e.Logits())
	sameBits(t, "outputs", got, e.WholeOutputs(t))
}

// The plans of the built-in networks take no more than their greatest step needs.
func TestPlansReachTheirFloor(t *testing.T) {
	for _, name := range []string{"cnn", "ds-cnn", "resnet8", "mobilenet-v1-0.25"} {
		n, err := graph.Builtin(name, 10)
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(t, n, graph.Shape{C: 3, H: 32, W: 32}, graph.Uniform(fakequant.Int8()))
		for _, quantized := range []bool{false, true} {
			trainer, err := m.Trainer(8, quantized)
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Close()
			if planned, floor := trainer.Planned(), trainer.Memory(); float64(planned) > 1.02*float64(floor) {
				t.Errorf("%s, quantized %v: %d bytes are planned, one step needs %d", name, quantized, planned, floor)
			}
		}
	}
}

func sameBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", name, len(got), len(want))
	}
	for i, v := range got {
		if math.Float32bits(v) != math.Float32bits(want[i]) {
			t.Fatalf("%s[%d] = %v, without sharing %v", name, i, v, want[i])
		}
	}
}
