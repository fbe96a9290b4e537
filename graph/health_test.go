package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
)

// channel is the weights of conv2's first channel.
func channel(m *graph.Model) []float32 { return param(m, "conv2.weight")[:45] }

// shrink makes a channel's weights too small for scales that stay.
func shrink(m *graph.Model) {
	m.SetObservers(false)
	for i := range channel(m) {
		channel(m)[i] *= 1e-4
	}
}

// with is the default scheme with a change.
func with(change func(s *fakequant.Scheme)) fakequant.Scheme {
	s := fakequant.Int8()
	change(&s)
	return s
}

// warnings returns all the model's, one per line.
func warnings(m *graph.Model) string {
	var all []string
	for _, w := range m.Health() {
		all = append(all, w.String())
	}
	return strings.Join(all, "\n")
}

func TestHealthNamesTheTensor(t *testing.T) {
	perTensor := with(func(s *fakequant.Scheme) { s.Weights.Granularity = affine.Granularity{} })
	brevitas := with(func(s *fakequant.Scheme) { s.Weights.Dialect = affine.Brevitas })
	for _, tt := range []struct {
		name, want string
		scheme     fakequant.Scheme
		spoil      func(m *graph.Model)
	}{
		{"a dead channel", "conv2.weight: 1 of 7 channels are all zero", fakequant.Int8(),
			func(m *graph.Model) { clear(channel(m)) }},
		{"a dead channel, one scale", "conv2.weight: 1 of 7 channels are all zero", perTensor,
			func(m *graph.Model) { clear(channel(m)) }},
		{"a floor", "conv2.weight: 1 of 7 scales are at the floor 6.1035156e-05", fakequant.Int8(),
			func(m *graph.Model) { clear(channel(m)) }},
		{"another dialect's floor", "conv2.weight: 1 of 7 scales are at the floor 1e-10", brevitas,
			func(m *graph.Model) { clear(channel(m)) }},
		{"a scale without a float16", "conv2.weight: 1 of 7 scales vanish in float16", brevitas, func(m *graph.Model) {
			for i := range channel(m) {
				channel(m)[i] *= 1e-6
			}
		}},
		{"weights that vanish", "conv2.weight: all weights of 1 of 7 channels quantize to zero", fakequant.Int8(),
			shrink},
		{"weights that vanish, one scale", "conv2.weight: all weights of 1 of 7 channels quantize to zero",
			perTensor, shrink},
		{"weights out of range", "conv2.weight: 57 % of the weights are clipped", fakequant.Int8(),
			func(m *graph.Model) {
				m.SetObservers(false)
				for i := range param(m, "conv2.weight")[:4*45] {
					param(m, "conv2.weight")[i] = 100
				}
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := trained(t, graph.Uniform(tt.scheme))
			if got := warnings(m); got != "" {
				t.Fatalf("a healthy model warns: %s", got)
			}
			tt.spoil(m)
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			if got := warnings(m); !strings.Contains(got, tt.want) {
				t.Errorf("warnings:\n%s\nwant %q", got, tt.want)
			}
		})
	}
}

// A network without batch norm, for methods that cannot have it.
func small(t *testing.T, s fakequant.Scheme) *graph.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	m, err := graph.New(graph.Chain(
		graph.Conv2D(5, 3).Named("conv1"), graph.ReLU(), graph.Conv2D(7, 3).Named("conv2"), graph.ReLU(),
		graph.Flatten(), graph.Linear(4).Named("fc")),
		graph.Shape{C: 3, H: 6, W: 6}, graph.Uniform(s), rng)
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	observe(t, m, images(rng, 8, m.Input()))
	return m
}

// observe is a training step without an optimizer.
func observe(t *testing.T, m *graph.Model, x []float32) {
	t.Helper()
	trainer, err := m.Trainer(8, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	if _, err := trainer.Step(x, make([]int32, 8)); err != nil {
		t.Fatal(err)
	}
}

// Methods with a grid of their own are judged by it: DoReFa and two values have
// no zero for small weights to vanish in, nor for dead ones.
// A bias is a multiple of s_x·s_w. Where that is more than half a step of the output,
// as the frozen model has it, its layer is named.
func TestHealthFindsCoarseBiases(t *testing.T) {
	found := 0
	for _, bits := range []int{2, 3, 4, 8} {
		m := trained(t, graph.Uniform(fakequant.Bits(bits)))
		for i := range channel(m) {
			channel(m)[i] *= 30 // the output's range stays
		}
		if err := m.Settle(); err != nil {
			t.Fatal(err)
		}
		frozen, err := m.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		got := warnings(m)
		for _, n := range frozen.Nodes {
			if n.Weights == nil {
				continue
			}
			coarse, most := 0, float32(0)
			for _, s := range n.Bias.Scale {
				if s > n.Output.Quant.Scale/2 {
					coarse++
				}
				most = max(most, s/n.Output.Quant.Scale)
			}
			want := fmt.Sprintf("%s.bias: %d of %d biases are rounded to multiples of more than 0.5 steps of the "+
				"output, up to %.2g: give the layer's input or its weights more bits", n.Name, coarse,
				len(n.Bias.Scale), most)
			if strings.Contains(got, want) != (coarse > 0) {
				t.Errorf("%d bits: want %q, if not of 0 biases, got:\n%s", bits, want, got)
			}
			found += coarse
		}
	}
	if found == 0 {
		t.Error("no bias was coarse")
	}
}

func TestHealthJudgesByTheMethodsGrid(t *testing.T) {
	own := func(method fakequant.Method, bits int) fakequant.Scheme {
		return with(func(s *fakequant.Scheme) { s.Weights.Method, s.Weights.Format.Bits = method, bits })
	}
	const odd = "conv2.weight: 1 of 7 channels are all zero, which dorefa quantizes to something else: 0 is not " +
		"among its values"
	for _, tt := range []struct {
		name, want string
		scheme     fakequant.Scheme
		spoil      func(m *graph.Model)
	}{
		{"small weights of dorefa", "", own(fakequant.DoReFa, 5), shrink},
		{"dead weights of dorefa", odd, own(fakequant.DoReFa, 5),
			func(m *graph.Model) { m.SetObservers(false); clear(channel(m)) }},
		{"dead weights of two values", strings.Replace(odd, "dorefa", "binary", 1), own(fakequant.Binary, 1),
			func(m *graph.Model) { m.SetObservers(false); clear(channel(m)) }},
		{"small weights of two values", "", own(fakequant.Binary, 1), shrink},
		{"small weights of three values", "", own(fakequant.Ternary, 2), shrink},
		{"large weights of two values", "", own(fakequant.Binary, 1), func(m *graph.Model) {
			m.SetObservers(false)
			for i, w := range param(m, "conv2.weight") {
				param(m, "conv2.weight")[i] = 100 * w
			}
		}},
		{"large weights of dorefa",
			"conv2.weight: 14 % of the weights are clipped: the scale is too small for them",
			own(fakequant.DoReFa, 5), func(m *graph.Model) {
				m.SetObservers(false)
				for i := range channel(m) {
					channel(m)[i] = 100
				}
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := small(t, tt.scheme)
			if got := warnings(m); got != "" {
				t.Fatalf("a healthy model warns: %s", got)
			}
			tt.spoil(m)
			if got := warnings(m); got != tt.want {
				t.Errorf("warnings:\n%s\nwant %q", got, tt.want)
			}
		})
	}
}

// A channel that has died under a method that measures its scale leaves a scale
// and a bias that can be frozen.
func TestDeadChannelOfFewValuesFreezes(t *testing.T) {
	for _, method := range []fakequant.Method{fakequant.Binary, fakequant.Ternary, fakequant.LearnedBinary,
		fakequant.LearnedTernary} {
		m := small(t, with(func(s *fakequant.Scheme) {
			s.Weights.Method, s.Weights.Format = method, method.Traits().Format
		}))
		for i := range channel(m) {
			channel(m)[i] *= 1e-30
		}
		if err := m.Settle(); err != nil {
			t.Fatal(err)
		}
		if got := warnings(m); !strings.Contains(got, "conv2.weight: 1 of 7 scales are at the floor") {
			t.Errorf("%v: warnings %q", method, got)
		}
		clear(channel(m))
		if err := m.Settle(); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Freeze(); err != nil {
			t.Errorf("%v: %v", method, err)
		}
	}
}

// Inputs that are not centred leave half of the signed integers unused.
func TestHealthFindsARangeFarFromZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	m := small(t, with(func(s *fakequant.Scheme) { s.Activations.Observer.Kind = observers.LastValue }))
	x := images(rng, 8, m.Input())
	for i := range x {
		x[i] = 100 + x[i]/10
	}
	observe(t, m, x)
	got := warnings(m)
	if !strings.HasPrefix(got, "input: the range 99.") ||
		!strings.Contains(got, " is far from zero, which it must contain: most integers stay unused") {
		t.Errorf("warnings:\n%s", got)
	}
}

// TestHealthFindsEntropyOfFewBits warns below 8 bits, and of no other observer.
func TestHealthFindsEntropyOfFewBits(t *testing.T) {
	for _, kind := range []observers.Kind{observers.Entropy, observers.MSE} {
		for _, bits := range []int{2, 4, 7, 8} {
			s := fakequant.Bits(bits)
			s.Activations.Observer.Kind = kind
			got := fmt.Sprint(trained(t, graph.Uniform(s)).Health())
			want := kind == observers.Entropy && bits < 8
			if strings.Contains(got, "input: the observer entropy is made for 8 bits and clips too much") != want {
				t.Errorf("%v, %d bits: warned %v, want %v: %s", kind, bits, !want, want, got)
			}
		}
	}
}

// A learned scale moves once nothing observes any more. As long as something
// does, it follows the observer.
func TestHealthFindsLearnedScalesThatDoNot(t *testing.T) {
	for _, method := range []fakequant.Method{fakequant.LSQ, fakequant.LSQPlus, fakequant.PACT,
		fakequant.LearnedRange} {
		t.Run(method.String(), func(t *testing.T) {
			scheme := fakequant.Int8()
			scheme.Activations.Method = method
			if method == fakequant.LSQPlus || method == fakequant.LearnedRange {
				scheme.Activations.Scheme, scheme.Activations.Format = affine.Affine,
					affine.Format{Bits: 8, Unsigned: true}
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
