package graph_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// A fused node computes what its parts compute: over steps in which observers
// and rounding are switched and batch norm is put to rest, in all layers or in some,
// losses, gradients and the quantizers' memories stay together.
func TestFusedNodesAreTheirParts(t *testing.T) {
	network := graph.Chain(
		graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU(), graph.MaxPool(2),
		graph.Conv2D(8, 3).Same(), graph.BatchNorm(), graph.ReLU(), graph.MaxPool(3).Strided(2).Padded(1),
		graph.Conv2D(5, 3).Same(), graph.BatchNorm(), graph.ReLU(), graph.AvgPool(2), graph.BatchNorm(), graph.ReLU(),
		graph.Flatten(), graph.Linear(12), graph.BatchNorm(), graph.ReLU(), graph.Linear(4))
	build := func(f graph.Folding) *graph.Model {
		q := graph.Uniform(fakequant.Bits(6))
		q.Folding = f
		m, err := graph.New(network, graph.Shape{C: 2, H: 13, W: 12}, q, rand.New(rand.NewPCG(8, 9)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, mode := range []struct {
		quantized bool
		folding   graph.Folding
	}{{false, graph.FoldRunning}, {true, graph.FoldRunning}, {true, graph.FoldBatch}} {
		fused, plain := build(mode.folding), build(mode.folding)
		a, err := fused.Trainer(6, mode.quantized)
		if err != nil {
			t.Fatal(err)
		}
		b, err := plain.PlainTrainer(6, mode.quantized)
		if err != nil {
			t.Fatal(err)
		}
		for _, phase := range []func(string) graph.Switches{
			alike(true, false, false),
			but("conv2d_2", graph.Switches{Observe: true, Quantize: true}, alike(true, false, false)),
			alike(true, true, false),
			but("conv2d_2", graph.Switches{Observe: true}, alike(true, true, false)),
			but("conv2d_1", graph.Switches{Quantize: true, BatchNormFrozen: true}, alike(true, true, false)),
			alike(false, true, false),
			but("conv2d_2", graph.Switches{}, alike(false, true, true)),
			but("linear_1", graph.Switches{Observe: true, Quantize: true}, alike(false, true, true)),
			alike(false, true, true),
			alike(true, true, true),
		} {
			rng := rand.New(rand.NewPCG(1, 2))
			x, l := images(rng, 6, fused.Input()), labels(rng, 6, 4)
			var losses [2]float64
			for i, m := range []*graph.Model{fused, plain} {
				m.Switch(phase)
				trainer := []*graph.Trainer{a, b}[i]
				metrics, err := trainer.Step(x, l)
				if err != nil {
					t.Fatal(err)
				}
				losses[i] = metrics.Loss
			}
			closeTo(t, "loss", []float32{float32(losses[0])}, []float32{float32(losses[1])})
			for i, p := range plain.Params() {
				closeTo(t, "gradient of "+p.Name, fused.Params()[i].Grad, p.Grad)
			}
			for i, s := range plain.State() {
				closeTo(t, s.Name, fused.State()[i].F32, s.F32)
			}
		}
		a.Close()
		b.Close()
	}
}
