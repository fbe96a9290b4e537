package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
)

func TestHealthNamesTheTensor(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		spoil      func(m *graph.Model)
	}{
		{"a dead channel", "conv2.weight: 1 of 7 channels are all zero", func(m *graph.Model) { clear(param(m, "conv2.weight")[:45]) }},
		{"a floor", "conv2.weight: 1 of 7 scales are at the floor", func(m *graph.Model) { clear(param(m, "conv2.weight")[:45]) }},
		{"weights that vanish", "conv2.weight: all weights of 1 of 7 channels quantize to zero", func(m *graph.Model) {
			m.SetObservers(false)
			for i := range param(m, "conv2.weight")[:45] {
				param(m, "conv2.weight")[i] *= 1e-4
			}
		}},
		{"weights out of range", "conv2.weight: 57 % of the weights are clipped", func(m *graph.Model) {
			m.SetObservers(false)
			for i := range param(m, "conv2.weight")[:4*45] {
				param(m, "conv2.weight")[i] = 100
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := trained(t, graph.Uniform(fakequant.Int8()))
			if got := m.Health(); len(got) != 0 {
				t.Fatalf("a healthy model warns: %v", got)
			}
			tt.spoil(m)
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, w := range m.Health() {
				all = append(all, w.String())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("warnings:\n%s\nwant %q", got, tt.want)
			}
		})
	}
}

// A learned scale moves once nothing observes any more. As long as something
// does, it follows the observer.
func TestHealthFindsLearnedScalesThatDoNot(t *testing.T) {
	for _, method := range []fakequant.Method{fakequant.LSQ, fakequant.LSQPlus, fakequant.PACT, fakequant.LearnedRange} {
		t.Run(method.String(), func(t *testing.T) {
			scheme := fakequant.Int8()
			scheme.Activations.Method = method
			if method == fakequant.LSQPlus || method == fakequant.LearnedRange {
				scheme.Activations.Scheme, scheme.Activations.Format = affine.Affine, affine.Format{Bits: 8, Unsigned: true}
			}
			m := trained(t, graph.Uniform(scheme))
			want := "input: 1 of 1 learned scales have not moved since their calibration"
			if got := fmt.Sprint(m.Health()); !strings.Contains(got, want) {
				t.Errorf("warnings %s, want %q", got, want)
			}
			m.SetObservers(false)
			learn(t, m)
			if got := fmt.Sprint(m.Health()); strings.Contains(got, want) {
				t.Errorf("after a step that learns: %s", got)
			}
		})
	}
}

// learn is one step of training with an image that exceeds the input's range.
func learn(t *testing.T, m *graph.Model) {
	t.Helper()
	trainer, err := m.Trainer(8, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	rng := rand.New(rand.NewPCG(5, 6))
	x := images(rng, 8, m.Input())
	for i := range x[:m.Input().Size()] {
		x[i] *= 10
	}
	m.FreezeBatchNorm(true)
	if _, err := trainer.Step(x, labels(rng, 8, 4)); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		for i, g := range p.Grad {
			p.Value[i] -= 0.1 * p.LRFactor * g
		}
	}
}

func TestDOTNamesTheNodes(t *testing.T) {
	m := trained(t, graph.Uniform(fakequant.Int8()))
	text, err := m.DOT(1, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"digraph", "conv1.weight", "fc2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the drawing", want)
		}
	}
}

func ExampleModel_Placements() {
	network := graph.Chain(
		graph.Conv2D(8, 3).Same().Named("a"), graph.ReLU().Named("a_relu"),
		graph.Conv2D(8, 3).Same().Named("b"),
		graph.Add("a_relu", "b").Named("sum"), graph.MaxPool(2).Named("pool"),
		graph.Flatten().Named("flat"), graph.Linear(10).Named("fc"))
	m, err := graph.New(network, graph.Shape{C: 1, H: 8, W: 8}, graph.Uniform(fakequant.Int8()), rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range m.Placements() {
		fmt.Println(p.Tensor, p.Config.Format, p.Shared)
	}
	// Output:
	// input int8 []
	// a.weight int8_narrow []
	// a uint8 []
	// b.weight int8_narrow []
	// b int8 []
	// sum int8 [pool flat]
	// fc.weight int8_narrow []
	// fc int8 []
}
