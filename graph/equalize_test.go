package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

// Whatever the layers between two products, a network whose channels are scaled computes
// what it did; and random networks have many that must not be scaled.
func TestScaledChannelsChangeNoOutput(t *testing.T) {
	for name, scale := range map[string]func(m *graph.Model, x []float32) error{
		"equalized":        func(m *graph.Model, _ []float32) error { m.Equalize(); return nil },
		"smoothed":         func(m *graph.Model, x []float32) error { return m.Smooth(t.Context(), 0.5, x) },
		"smoothed, α is 1": func(m *graph.Model, x []float32) error { return m.Smooth(t.Context(), 1, x) },
		"and then the other": func(m *graph.Model, x []float32) error {
			m.Equalize()
			return m.Smooth(t.Context(), 0.7, x)
		},
	} {
		t.Run(name, func(t *testing.T) {
			scaled := 0
			for seed := range sample.Of(uint64(60), 6) {
				rng := rand.New(rand.NewPCG(seed, 5))
				n, in := randnet.Network(rng, randnet.Options{Layers: 10})
				m, err := graph.New(n, in, graph.Quantization{}, rng)
				if err != nil {
					t.Fatal(err)
				}
				scatter(m, rng)
				x := images(rng, 4, in)
				want, before := logits(t, m, x), m.Params()[0].Value
				before = append([]float32(nil), before...)
				if err := scale(m, x); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(m.Params()[0].Value, before) {
					scaled++
				}
				t.Run(fmt.Sprint(seed), func(t *testing.T) { sameOutputs(t, logits(t, m, x), want) })
			}
			if scaled == 0 {
				t.Error("no network was scaled")
			}
		})
	}
}

// scatter gives batch norms statistics and factors, and the channels of weights ranges,
// that differ.
func scatter(m *graph.Model, rng *rand.Rand) {
	for _, p := range m.Params() {
		switch p.Role {
		case graph.RoleWeight:
			per := len(p.Value) / p.Shape[0]
			for i := range p.Shape[0] {
				f := float32(math.Exp(rng.NormFloat64()))
				for k := range per {
					p.Value[i*per+k] *= f
				}
			}
		case graph.RoleScale, graph.RoleShift, graph.RoleBias:
			for i := range p.Value {
				p.Value[i] = float32(rng.NormFloat64())
			}
		}
	}
}

func logits(t *testing.T, m *graph.Model, x []float32) []float32 {
	t.Helper()
	batch := len(x) / m.Input().Size()
	e, err := m.Evaluator(batch, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(x, make([]int32, batch)); err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), e.Logits()...)
}

// sameOutputs allows for 1e-5 of the greatest.
func sameOutputs(t *testing.T, got, want []float32) {
	t.Helper()
	most := 0.0
	for _, v := range want {
		most = max(most, math.Abs(float64(v)))
	}
	for i, v := range got {
		if d := math.Abs(float64(v - want[i])); d > 1e-5*most {
			t.Fatalf("output %d is %v, was %v", i, v, want[i])
		}
	}
}

// Biases that are absorbed leave the outputs as they are where no output of the ReLU is
// below what is absorbed, and the outputs themselves are nearer to 0.
func TestAbsorbedBiasesChangeNoOutput(t *testing.T) {
	for name, second := range map[string][]graph.Layer{
		"convolution": {graph.Conv2D(3, 2), graph.BatchNorm(), graph.Flatten()},
		"depthwise":   {graph.DepthwiseConv2D(2), graph.Flatten()},
		"pooled":      {graph.MaxPool(2), graph.Flatten(), graph.Linear(4), graph.ReLU()},
		"padded":      {graph.Conv2D(3, 3).Same(), graph.Flatten()},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(2, 2))
			in := graph.Shape{C: 2, H: 5, W: 4}
			layers := append([]graph.Layer{graph.Conv2D(4, 1).Named("first"), graph.BatchNorm().Named("bn"),
				graph.ReLU()}, second...)
			m, err := graph.New(graph.Chain(append(layers, graph.Linear(3))...), in, graph.Quantization{}, rng)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range m.Params() {
				for i := range p.Value {
					switch p.Name {
					case "bn.weight":
						p.Value[i] = 0.5
					case "bn.bias":
						p.Value[i] = float32(i) + 1 // the first is not above 3·γ
					}
				}
			}
			x := images(rng, 4, in)
			for i := range x {
				x[i] = max(-1, min(1, x[i])) // so that no sum is beyond 3 deviations
			}
			want := logits(t, m, x)
			m.AbsorbBiases()
			sameOutputs(t, logits(t, m, x), want)
			for _, p := range m.Params() {
				if p.Name != "bn.bias" {
					continue
				}
				for i, β := range p.Value {
					least := float32(i) + 1
					if name != "padded" {
						least = min(least, 1.5)
					}
					if β != least {
						t.Errorf("the bias of channel %d is %v, want %v", i, β, least)
					}
				}
			}
		})
	}
}
