package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// forked has a layer for each rule of ownership: batch norms that are folded
// and one that is not, a sum, a concatenation, and layers that keep the
// scale of their input.
func forked(t *testing.T, q graph.Quantization) *graph.Model {
	t.Helper()
	network := graph.Chain(
		graph.Conv2D(4, 3).Same().Named("first"), graph.BatchNorm(), graph.ReLU(), graph.MaxPool(2).Named("pool"),
		graph.Conv2D(4, 3).Same().Named("left"), graph.BatchNorm().Named("norm"),
		graph.Add("norm", "pool").Named("sum"), graph.BatchNorm().Named("alone"), graph.ReLU().Named("relu"),
		graph.Conv2D(2, 1).Named("a"), graph.Conv2D(2, 1).Named("b").Taking("relu"), graph.Concat("b", "a"),
		graph.Flatten(), graph.Linear(4).Named("last"), graph.Sigmoid().Named("gate"))
	m, err := graph.New(network, graph.Shape{C: 2, H: 6, W: 6}, q, rand.New(rand.NewPCG(3, 5)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// alike switches all layers.
func alike(observe, quantize, freeze bool) func(string) graph.Switches {
	return func(string) graph.Switches {
		return graph.Switches{Observe: observe, Quantize: quantize, BatchNormFrozen: freeze}
	}
}

// but switches one layer differently from the others.
func but(layer string, s graph.Switches, others func(string) graph.Switches) func(string) graph.Switches {
	return func(name string) graph.Switches {
		if name == layer {
			return s
		}
		return others(name)
	}
}

func TestDomainsFollowTheRules(t *testing.T) {
	scheme, bits := ptr(fakequant.Int8()), ptr(fakequant.Bits(4))
	for _, tt := range []struct {
		name string
		q    graph.Quantization
		want string
	}{
		{"one rule", graph.Quantization{Default: scheme}, `
			first default: input first.weight first, batch norm
			left default: left.weight left, batch norm
			sum default: sum
			alone default: alone.weight alone, batch norm
			a default: a.weight
			b default: a b.weight
			last default: last.weight last
			gate default: gate`},
		{"a type alone takes the activations before it too",
			graph.Quantization{Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindLinear: scheme}}, `
			first default:, batch norm
			left default:, batch norm
			alone default:, batch norm
			last linear: a last.weight last`},
		{"names over types, and float layers", graph.Quantization{
			Default: scheme,
			Kinds:   map[graph.Kind]*fakequant.Scheme{graph.KindConv2D: bits, graph.KindBatchNorm: nil},
			Names: []graph.NameRule{{Pattern: "first"}, {Pattern: "l.*", Scheme: scheme},
				{Pattern: "la.*", Scheme: bits}},
		}, `
			first "first":, batch norm
			left "l.*": first left.weight left, batch norm
			sum default: sum
			alone batch_norm:, batch norm
			a conv2d: alone a.weight
			b conv2d: a b.weight
			last "l.*": last.weight last
			gate default: gate`},
		{"the part that wants it quantized", graph.Quantization{Default: scheme,
			Names: []graph.NameRule{{Pattern: "b"}}}, `
			first default: input first.weight first, batch norm
			left default: left.weight left, batch norm
			sum default: sum
			alone default: alone.weight alone, batch norm
			a default: a.weight a
			last default: last.weight last
			gate default: gate`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			for _, d := range forked(t, tt.q).Domains() {
				got.WriteString("\n\t\t\t" + d.Layer + " " + d.Rule.String() + ":")
				for _, name := range d.Tensors {
					got.WriteString(" " + name)
				}
				if d.BatchNorm {
					got.WriteString(", batch norm")
				}
			}
			if got.String() != tt.want {
				t.Errorf("got%s\nwant%s", &got, tt.want)
			}
		})
	}
}

func ExampleModel_Domains() {
	network := graph.Chain(
		graph.Conv2D(8, 3).Same().Named("a"), graph.BatchNorm(), graph.ReLU().Named("a_relu"),
		graph.Conv2D(8, 3).Same().Named("b"), graph.ReLU().Named("b_relu"),
		graph.Concat("a_relu", "b_relu").Named("both"), graph.GlobalAvgPool(), graph.Flatten(),
		graph.Linear(10).Named("fc"))
	int8 := fakequant.Int8()
	q := graph.Quantization{Default: &int8, Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindLinear: &int8}}
	m, err := graph.New(network, graph.Shape{C: 1, H: 8, W: 8}, q, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range m.Domains() {
		fmt.Println(d.Layer, d.Rule, d.Tensors, d.BatchNorm)
	}
	// Output:
	// a default [input a.weight a] true
	// b default [b.weight] false
	// fc linear [fc.weight fc] false
}

// What is switched for one layer is its domain and nothing else. The range of a
// lone batch norm's weights is observed whatever is said.
func TestSwitchReachesTheDomain(t *testing.T) {
	m := forked(t, graph.Uniform(fakequant.FewBits(4)))
	for _, d := range m.Domains() {
		for _, on := range []graph.Switches{{Observe: true}, {Quantize: true}, {BatchNormFrozen: true},
			{Observe: true, Quantize: true, BatchNormFrozen: true}} {
			m.Switch(but(d.Layer, on, alike(false, false, false)))
			got := switched(m)
			want := map[string]graph.Switches{}
			for _, name := range d.Tensors {
				if name == "a" {
					name = "b" // what the concatenation is called
				}
				want[name] = graph.Switches{Observe: on.Observe, Quantize: on.Quantize}
			}
			if d.BatchNorm {
				norm := map[string]string{"first": "batch_norm_1", "left": "norm", "alone": "alone"}[d.Layer]
				want[norm+".frozen"] = graph.Switches{BatchNormFrozen: on.BatchNormFrozen}
			}
			want["alone.weight"] = graph.Switches{Observe: true, Quantize: want["alone.weight"].Quantize}
			for name, s := range got {
				if s != want[name] {
					t.Errorf("%s switched %+v: %s has %+v, want %+v", d.Layer, on, name, s, want[name])
				}
				delete(want, name)
			}
			for name := range want {
				t.Errorf("there is no %s", name)
			}
		}
		if want := d.Layer != "gate"; d.Learns != want { // a sigmoid's range is known
			t.Errorf("%s learns: %v, want %v", d.Layer, d.Learns, want)
		}
	}
}

// switched is how quantizers and batch norms are switched, by their state.
func switched(m *graph.Model) map[string]graph.Switches {
	all := map[string]graph.Switches{}
	for _, s := range m.State() {
		if name, ok := strings.CutSuffix(s.Name, ".counters"); ok {
			all[name] = graph.Switches{Observe: s.I64[2] == 1, Quantize: s.I64[3] == 1}
		}
		if strings.HasSuffix(s.Name, ".frozen") {
			all[s.Name] = graph.Switches{BatchNormFrozen: s.I64[0] == 1}
		}
	}
	return all
}

// Until a layer quantizes, the network is, to the last bit, the one in which
// that layer stays float; from then on it is not.
func TestLayerThatDoesNotQuantizeYetIsFloat(t *testing.T) {
	weights := fakequant.Bits(3)
	weights.Activations = fakequant.Config{}
	learned := fakequant.FewBits(4)
	network := graph.Chain(
		graph.Conv2D(6, 3).Same().Named("first"), graph.ReLU(), graph.AvgPool(2),
		graph.Conv2D(5, 3).Named("second"), graph.ReLU(), graph.Flatten(), graph.Linear(4).Named("last"))
	for _, tt := range []struct {
		name, late string
		scheme     fakequant.Scheme
	}{
		{"weights of the first layer", "first", weights},
		{"weights of the second layer", "second", weights},
		{"weights and output of the last layer", "last", fakequant.Bits(3)},
		{"learned scales of the last layer", "last", learned},
	} {
		t.Run(tt.name, func(t *testing.T) {
			build := func(q graph.Quantization) *graph.Model {
				m, err := graph.New(network, graph.Shape{C: 2, H: 8, W: 8}, q, rand.New(rand.NewPCG(3, 5)))
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			late := build(graph.Uniform(tt.scheme))
			float := build(graph.Quantization{Default: &tt.scheme, Names: []graph.NameRule{{Pattern: tt.late}}})
			for _, m := range []*graph.Model{late, float} {
				m.Switch(but(tt.late, graph.Switches{Observe: true}, alike(true, true, false)))
			}
			steps(t, late, 3, 1)
			steps(t, float, 3, 1)
			if !sameParams(late, float) {
				t.Error("before it quantizes, the layer is not as if it were float")
			}
			late.Switch(alike(true, true, false))
			steps(t, late, 1, 2)
			steps(t, float, 1, 2)
			if sameParams(late, float) {
				t.Error("when it quantizes, the layer is as if it were float")
			}
		})
	}
}

// sameParams reports whether all parameters of b are a's, bit by bit.
func sameParams(a, b *graph.Model) bool {
	for _, p := range b.Params() {
		q := param(a, p.Name)
		for i, v := range p.Value {
			if math.Float32bits(v) != math.Float32bits(q[i]) {
				return false
			}
		}
	}
	return true
}

// A quantizer that has seen nothing has no scale to round with, even in a node
// that is fused with its batch norm.
func TestSwitchedOnBeforeARangeWasObserved(t *testing.T) {
	scheme := fakequant.Int8()
	scheme.Weights = fakequant.Config{}
	network := graph.Chain(
		graph.Conv2D(3, 3).Named("first"), graph.Conv2D(3, 3).Named("fused"), graph.BatchNorm(), graph.ReLU(),
		graph.Conv2D(3, 3).Named("apart"), graph.BatchNorm(), graph.Flatten(), graph.Linear(4))
	for _, layer := range []string{"fused", "apart"} {
		m, err := graph.New(network, graph.Shape{C: 2, H: 8, W: 8}, graph.Uniform(scheme), rand.New(rand.NewPCG(3, 5)))
		if err != nil {
			t.Fatal(err)
		}
		m.Switch(but(layer, graph.Switches{Quantize: true}, alike(true, true, false)))
		trainer, err := m.Trainer(4, true)
		if err != nil {
			t.Fatal(err)
		}
		defer trainer.Close()
		rng := rand.New(rand.NewPCG(1, 2))
		want := layer + ": enabled before a range was observed"
		_, err = trainer.Step(images(rng, 4, m.Input()), labels(rng, 4, 4))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", layer, err, want)
		}
	}
}
