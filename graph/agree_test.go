package graph_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
	"petrify/quantized"
	"petrify/quantized/integer"
)

var restOutputs = flag.Int("rest-outputs", 10_000,
	"the activations to compare for each network and scheme of TestTrainingAtRest")

// perTensor has one scale for a layer's weights.
func perTensor() fakequant.Scheme {
	s := fakequant.Int8()
	s.Weights.Granularity = affine.Granularity{}
	return s
}

// While ranges and batch norm rest, the forward pass of a training step is the
// engine's, in every activation of every built-in network.
//
//	go test ./graph -run TrainingAtRest -rest-outputs 1000000
func TestTrainingAtRestIsTheEngine(t *testing.T) {
	for i, z := range []struct {
		name    string
		in      graph.Shape
		classes int
	}{
		{"mlp", graph.Shape{C: 1, H: 8, W: 8}, 10}, {"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10},
		{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10}, {"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12},
		{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10}, {"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2},
		{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0},
	} {
		if sample.Skips(i, 3) {
			continue
		}
		network, err := graph.Builtin(z.name, z.classes)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]fakequant.Scheme{
			"W8A8": fakequant.Int8(), "affine": affineActivations(), "W4A4": fakequant.Bits(4),
			"per tensor":   perTensor(),
			"weights only": {Weights: fakequant.Int8().Weights},
			"W4A8":         {Weights: fakequant.Bits(4).Weights, Activations: fakequant.Int8().Activations},
			"ternary":      fewValues(fakequant.LearnedTernary, 4),
			"binary":       fewValues(fakequant.Binary, 8),
		} {
			t.Run(z.name+"/"+name, func(t *testing.T) {
				atRest(t, stepped(t, network, z.in, graph.Uniform(s)), sample.Of(*restOutputs, 10))
			})
		}
	}
}

// fewValues is a scheme of weights of two or three values.
func fewValues(m fakequant.Method, bits int) fakequant.Scheme {
	s := fakequant.Bits(bits)
	s.Weights.Method, s.Weights.Format = m, m.Traits().Format
	return s
}

// The same holds for random networks. Steps with dropout or stochastic rounding
// never rest.
func TestTrainingAtRestIsTheEngineOnRandomNetworks(t *testing.T) {
	for seed := range sample.Of(uint64(40), 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			network, in := randnet.Network(rng, randnet.Options{Without: []graph.Kind{graph.KindDropout}})
			q := randnet.Quantization(rng, network, in)
			for !deterministic(t, network, in, q) {
				q = randnet.Quantization(rng, network, in)
			}
			atRest(t, stepped(t, network, in, q), 2000)
		})
	}
}

func deterministic(t *testing.T, network graph.Network, in graph.Shape, q graph.Quantization) bool {
	t.Helper()
	m, err := graph.New(network, in, q, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(m.Placements(), func(p graph.Placement) bool {
		return p.Config.Method == fakequant.Stochastic
	})
}

// atRest compares at least that many activations of steps of a model at rest
// with the engine's.
func atRest(t *testing.T, m *graph.Model, least int) {
	t.Helper()
	m.SetObservers(false)
	m.SetFakeQuant(true)
	m.FreezeBatchNorm(true)
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	const batch = 5
	trainer, err := m.WholeTrainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	model, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for count := 0; count < least; {
		x := images(rng, batch, m.Input())
		if _, err := trainer.Step(x, make([]int32, batch)); err != nil {
			t.Fatal(err)
		}
		for name, want := range activations(t, model, x, batch) {
			y := trainer.Output(name)
			if len(y) != len(want) { // pooled in the same node
				continue
			}
			for j, v := range want {
				if y[j] != v {
					t.Fatalf("layer %s, element %d: %v, the engine has %v", name, j, y[j], v)
				}
			}
			count += len(y)
		}
	}
}

// activations are those that the engine's layers compute from a batch, one from
// the other.
func activations(t *testing.T, m *quantized.Model, x []float32, batch int) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{m.Input.Name: x}
	for _, n := range m.Nodes {
		var inputs []quantized.Activation
		var xs [][]float32
		for _, name := range n.Inputs {
			a, ok := m.Activation(name)
			if !ok {
				t.Fatalf("no activation %s", name)
			}
			inputs, xs = append(inputs, a), append(xs, all[name])
		}
		layer, err := integer.NewLayer([]quantized.Node{n}, inputs, integer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all[n.Name] = make([]float32, batch*layer.OutputSize())
		if err := layer.Run(all[n.Name], xs, batch); err != nil {
			t.Fatal(err)
		}
	}
	delete(all, m.Input.Name)
	return all
}
