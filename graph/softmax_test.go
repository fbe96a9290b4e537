package graph_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized/onnx"
)

// TestSoftmaxIsCheckedBeforeTraining: what the check refuses is what the ONNX export refuses of
// the frozen network, and nothing else.
func TestSoftmaxIsCheckedBeforeTraining(t *testing.T) {
	float := graph.Uniform(fakequant.Int8())
	float.Names = []graph.NameRule{{Pattern: "s|b|c|d"}}
	for name, c := range map[string]struct {
		width  int
		shared bool
		q      graph.Quantization
		fails  bool
	}{
		"eight numbers":  {8, false, graph.Uniform(fakequant.Int8()), false},
		"two numbers":    {2, false, graph.Uniform(fakequant.Int8()), false},
		"one number":     {1, false, graph.Uniform(fakequant.Int8()), true},
		"one at 4 bits":  {1, false, graph.Uniform(fakequant.FewBits(4)), false},
		"a shared range": {8, true, graph.Uniform(fakequant.Int8()), true},
		"in float":       {1, true, float, false},
	} {
		t.Run(name, func(t *testing.T) {
			layers := []graph.Layer{graph.Linear(c.width).Named("a"), graph.Softmax().Named("s")}
			if c.shared {
				layers = append(layers, graph.Linear(4).Named("b").Taking("a"), graph.Concat().Named("c").Taking("s", "b"))
			}
			layers = append(layers, graph.Linear(3).Named("d"))
			rng := rand.New(rand.NewPCG(1, 2))
			m, err := graph.New(graph.Chain(layers...), graph.Shape{C: 5, H: 1, W: 1}, c.q, rng)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.CheckSoftmax(); (err != nil) != c.fails {
				t.Errorf("error %v, want one: %v", err, c.fails)
			}
			x := make([]float32, 20)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			trainer, err := m.Trainer(4, true)
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Close()
			m.Switch(func(string) graph.Switches { return graph.Switches{Observe: true} })
			if _, err := trainer.Step(x, make([]int32, 4)); err != nil {
				t.Fatal(err)
			}
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (onnx.Options{}).Encode(frozen); (err != nil) != c.fails {
				t.Errorf("export: error %v, want one: %v", err, c.fails)
			}
		})
	}
}
