package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
)

// foldable is a network with batch norm after every kind of product, and
// after none. An ε that is not small shows where it is missing.
func foldable() graph.Network {
	return graph.Chain(
		graph.Conv2D(6, 3).Same().Named("conv"),
		graph.Layer{Name: "bn1", Kind: graph.KindBatchNorm, Epsilon: 0.3}, graph.ReLU(),
		graph.DepthwiseConv2D(3).Same(), graph.BatchNorm().Named("bn2"), graph.ReLU6(),
		graph.Conv2D(4, 1).Grouped(2), graph.BatchNorm().Named("bn3"), graph.HardSwish(), graph.MaxPool(2),
		graph.Flatten(), graph.Linear(7), graph.BatchNorm().Named("bn4"), graph.ReLU(),
		graph.BatchNorm().Named("bn5"), graph.Linear(3))
}

// folding makes a model of the network whose running statistics are not those
// of a batch.
func folding(t *testing.T, f graph.Folding) *graph.Model {
	t.Helper()
	q := graph.Uniform(fakequant.Int8())
	q.Folding = f
	m, err := graph.New(foldable(), graph.Shape{C: 2, H: 6, W: 6}, q, rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range m.State() {
		if len(s.Name) < 3 || s.Name[:2] != "bn" {
			continue
		}
		for i := range s.F32 {
			s.F32[i] += 0.5 * rng.Float32()
		}
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	return m
}

// gradients are those of one step, by parameter, and the loss.
func gradients(t *testing.T, m *graph.Model, quantized bool) (grads map[string][]float32, loss float64) {
	t.Helper()
	trainer, err := m.Trainer(8, quantized)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	rng := rand.New(rand.NewPCG(7, 8))
	metrics, err := trainer.Step(images(rng, 8, m.Input()), labels(rng, 8, m.Classes()))
	if err != nil {
		t.Fatal(err)
	}
	grads = map[string][]float32{}
	for _, p := range m.Params() {
		grads[p.Name] = slices.Clone(p.Grad)
	}
	return grads, metrics.Loss
}

// Before quantization begins, either folding multiplies by what it divides by:
// loss, gradients and running statistics are those of float training.
func TestFoldingWithoutRoundingIsFloatTraining(t *testing.T) {
	float := folding(t, graph.FoldRunning)
	want, wantLoss := gradients(t, float, false)
	for _, f := range []graph.Folding{graph.FoldRunning, graph.FoldBatch} {
		t.Run(f.String(), func(t *testing.T) {
			m := folding(t, f)
			m.SetFakeQuant(false)
			got, loss := gradients(t, m, true)
			closeTo(t, "loss", []float32{float32(loss)}, []float32{float32(wantLoss)})
			for name, g := range want {
				closeTo(t, "gradient of "+name, got[name], g)
			}
			for i, s := range float.State() {
				if strings.Contains(s.Name, ".running_") {
					closeTo(t, s.Name, m.State()[i].F32, s.F32)
				}
			}
		})
	}
}

// With statistics at rest, nothing depends on the batch.
func TestFoldingsAreOneWhenFrozen(t *testing.T) {
	running, batch := folding(t, graph.FoldRunning), folding(t, graph.FoldBatch)
	running.FreezeBatchNorm(true)
	batch.FreezeBatchNorm(true)
	want, wantLoss := gradients(t, running, true)
	got, loss := gradients(t, batch, true)
	if loss != wantLoss {
		t.Errorf("loss %v, want %v", loss, wantLoss)
	}
	for name, g := range want {
		for i := range g {
			if got[name][i] != g[i] { // 0 and −0 are one
				t.Fatalf("gradient %d of %s is %v, want %v", i, name, got[name][i], g[i])
			}
		}
	}
}

// A channel with γ = 0 is dead: its weights quantize to nothing, its output is
// β. It stays finite; and where nothing divides by γ, γ gets a gradient by
// which it may come back.
func TestDeadChannelsStayFinite(t *testing.T) {
	for _, f := range []graph.Folding{graph.FoldRunning, graph.FoldBatch} {
		for _, frozen := range []bool{false, true} {
			m := folding(t, f)
			for _, name := range []string{"bn1.weight", "bn2.weight", "bn3.weight", "bn4.weight"} {
				param(m, name)[1] = 0
			}
			param(m, "bn5.weight")[2] = 0 // another channel than that of bn4, which reaches the loss through it
			m.FreezeBatchNorm(frozen)
			grads, loss := gradients(t, m, true)
			if math.IsNaN(loss) || math.IsInf(loss, 0) {
				t.Fatalf("%v, frozen %v: loss %v", f, frozen, loss)
			}
			if g := grads["bn4.weight"][1]; (f == graph.FoldBatch || frozen) && g == 0 {
				t.Errorf("%v, frozen %v: γ of a dead channel has no gradient", f, frozen)
			}
			for name, g := range grads {
				for i, v := range g {
					if v64 := float64(v); math.IsNaN(v64) || math.IsInf(v64, 0) || math.Abs(v64) > 100 {
						t.Fatalf("%v, frozen %v: gradient %d of %s is %v", f, frozen, i, name, v)
					}
				}
			}
		}
	}
}

func TestFoldingHasItsNames(t *testing.T) {
	for _, f := range []graph.Folding{graph.FoldRunning, graph.FoldBatch} {
		if got, err := graph.ParseFolding(f.String()); got != f || err != nil {
			t.Errorf("ParseFolding(%q) = %v, %v", f, got, err)
		}
	}
	q := graph.Quantization{Folding: 7}
	if err := q.Validate(); err == nil {
		t.Error("no error for a folding that does not exist")
	}
}

// Learned scales of weights, and those of weights that are squeezed, follow batch norm's
// factor, which is learned through them, too: all gradients are the slopes of the loss.
func TestScalesOfFoldedWeights(t *testing.T) {
	const steps = 4
	for _, f := range []graph.Folding{graph.FoldRunning, graph.FoldBatch} {
		compared := 0
		for _, method := range []fakequant.Method{fakequant.LSQ, fakequant.LSQPlus, fakequant.DoReFa} {
			w := fakequant.Bits(3).Weights // whose first scales are no search's, which may be a close thing
			w.Method = method
			if method == fakequant.LSQPlus {
				w.Scheme, w.Format.Narrow = affine.Affine, false
			}
			q := graph.Uniform(fakequant.Scheme{Weights: w})
			q.Folding = f
			compared += training{foldable(), graph.Shape{C: 2, H: 6, W: 6}, q, true}.compare(t,
				rand.New(rand.NewPCG(5, uint64(method))), steps, func(step int) graph.Switches {
					return graph.Switches{Observe: step == 0, Quantize: true, BatchNormFrozen: step%2 == 1}
				})
		}
		enough(t, compared, 3*steps, 0.5)
	}
}
