package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/safetensors"
)

// golden is PyTorch 1.13's loss, logits and gradients on a given state; see
// testdata/golden.py.
type golden struct {
	t *testing.T
	*safetensors.File
}

func openGolden(t *testing.T) golden {
	t.Helper()
	f, err := safetensors.ReadFile("testdata/golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return golden{t, f}
}

func (g golden) floats(name string) []float32 {
	g.t.Helper()
	tensor, ok := g.Tensor(name)
	if !ok {
		g.t.Fatalf("golden file has no %s", name)
	}
	v, err := safetensors.Values[float32](tensor)
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

func (g golden) labels() []int32 {
	g.t.Helper()
	tensor, _ := g.Tensor("labels")
	v, err := safetensors.Values[int32](tensor)
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

// model is the golden network with the golden parameters.
func (g golden) model(f graph.Folding) *graph.Model {
	g.t.Helper()
	network := graph.Chain(
		graph.Conv2D(4, 3).Same().Named("conv1"), graph.BatchNorm().Named("bn1"), graph.ReLU(), graph.MaxPool(2),
		graph.Conv2D(6, 3).Same().Named("conv2"), graph.BatchNorm().Named("bn2"), graph.ReLU(), graph.MaxPool(2),
		graph.Flatten(), graph.Linear(8).Named("fc1"), graph.ReLU(), graph.Linear(5).Named("fc2"))
	q := graph.Uniform(fakequant.Int8())
	q.Folding = f
	m, err := graph.New(network, graph.Shape{C: 2, H: 8, W: 8}, q, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, s := range m.State() {
		if tensor, ok := g.Tensor(s.Name); ok && s.F32 != nil {
			v, err := safetensors.Values[float32](tensor)
			if err != nil || len(v) != len(s.F32) {
				g.t.Fatalf("golden %s: %d values, want %d (%v)", s.Name, len(v), len(s.F32), err)
			}
			copy(s.F32, v) // State's slices are the model's own
		}
	}
	return m
}

func TestGradientsAreThoseOfPyTorch(t *testing.T) {
	for _, mode := range []struct {
		name, golden      string
		quantized, frozen bool
		folding           graph.Folding
	}{
		{"float", "float", false, false, graph.FoldRunning},
		{"float, to be folded by the batch", "float", false, false, graph.FoldBatch},
		{"folded by running statistics", "qat", true, false, graph.FoldRunning},
		{"folded by the batch", "batch", true, false, graph.FoldBatch},
		{"frozen", "frozen", true, true, graph.FoldRunning},
		{"folded by the batch, frozen", "frozen", true, true, graph.FoldBatch},
	} {
		t.Run(mode.name, func(t *testing.T) {
			g := openGolden(t)
			m := g.model(mode.folding)
			m.SetObservers(true)
			m.SetFakeQuant(true)
			m.FreezeBatchNorm(mode.frozen)
			trainer, err := m.Trainer(6, mode.quantized)
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Close()
			metrics, err := trainer.Step(g.floats("x"), g.labels())
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "loss", []float32{float32(metrics.Loss)}, g.floats(mode.golden+"/loss"))
			for _, p := range m.Params() {
				closeTo(t, "gradient of "+p.Name, p.Grad, g.floats(mode.golden+"/"+p.Name))
			}
			for _, s := range m.State() {
				if _, ok := g.Tensor(mode.golden + "/" + s.Name); ok && len(s.Name) > 3 && s.Name[3] == '.' &&
					s.Name[4] == 'r' {
					closeTo(t, s.Name, s.F32, g.floats(mode.golden+"/"+s.Name))
				}
			}
		})
	}
}

// closeTo fails where got differs from want by more than 1e−4 of the tensor's
// largest magnitude.
func closeTo(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	scale, worst := 0.0, 0.0
	for i := range want {
		scale = max(scale, math.Abs(float64(want[i])))
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
	}
	if !(worst <= 1e-4*scale) {
		t.Errorf("%s: off by %.3g of %.3g", what, worst, scale)
	}
}
