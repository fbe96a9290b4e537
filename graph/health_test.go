package graph_test

import (
	"fmt"
	"math"
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

// warnings are all the model's, a line each.
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
		{"a dead channel", "conv2.weight: 1 of 7 channels are all zero", fakequant.Int8(), func(m *graph.Model) { clear(channel(m)) }},
		{"a dead channel, one scale", "conv2.weight: 1 of 7 channels are all zero", perTensor, func(m *graph.Model) { clear(channel(m)) }},
		{"a floor", "conv2.weight: 1 of 7 scales are at the floor 6.1035156e-05", fakequant.Int8(), func(m *graph.Model) { clear(channel(m)) }},
		{"another dialect's floor", "conv2.weight: 1 of 7 scales are at the floor 1e-10", brevitas, func(m *graph.Model) { clear(channel(m)) }},
		{"a scale without a float16", "conv2.weight: 1 of 7 scales vanish in float16", brevitas, func(m *graph.Model) {
			for i := range channel(m) {
				channel(m)[i] *= 1e-6
			}
		}},
		{"weights that vanish", "conv2.weight: all weights of 1 of 7 channels quantize to zero", fakequant.Int8(), shrink},
		{"weights that vanish, one scale", "conv2.weight: all weights of 1 of 7 channels quantize to zero", perTensor, shrink},
		{"weights out of range", "conv2.weight: 57 % of the weights are clipped", fakequant.Int8(), func(m *graph.Model) {
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
func TestHealthJudgesByTheMethodsGrid(t *testing.T) {
	own := func(method fakequant.Method, bits int) fakequant.Scheme {
		return with(func(s *fakequant.Scheme) { s.Weights.Method, s.Weights.Format.Bits = method, bits })
	}
	const odd = "conv2.weight: 1 of 7 channels are all zero, which dorefa quantizes to something else: 0 is not among its values"
	for _, tt := range []struct {
		name, want string
		scheme     fakequant.Scheme
		spoil      func(m *graph.Model)
	}{
		{"small weights of dorefa", "", own(fakequant.DoReFa, 5), shrink},
		{"dead weights of dorefa", odd, own(fakequant.DoReFa, 5), func(m *graph.Model) { m.SetObservers(false); clear(channel(m)) }},
		{"dead weights of two values", strings.Replace(odd, "dorefa", "binary", 1), own(fakequant.Binary, 2), func(m *graph.Model) { m.SetObservers(false); clear(channel(m)) }},
		{"small weights of two values", "", own(fakequant.Binary, 2), shrink},
		{"small weights of three values", "conv2.weight: all weights of 1 of 7 channels quantize to zero: the scale is too large for them", own(fakequant.Ternary, 2), shrink},
		{"large weights of two values", "", own(fakequant.Binary, 2), func(m *graph.Model) {
			m.SetObservers(false)
			for i, w := range param(m, "conv2.weight") {
				param(m, "conv2.weight")[i] = 100 * w
			}
		}},
		{"large weights of dorefa", "conv2.weight: 14 % of the weights are clipped: the scale is too small for them", own(fakequant.DoReFa, 5), func(m *graph.Model) {
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
	for _, method := range []fakequant.Method{fakequant.Binary, fakequant.Ternary} {
		m := small(t, with(func(s *fakequant.Scheme) { s.Weights.Method, s.Weights.Format.Bits = method, 2 }))
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
	if !strings.HasPrefix(got, "input: the range 99.") || !strings.Contains(got, " is far from zero, which it must contain: most integers stay unused") {
		t.Errorf("warnings:\n%s", got)
	}
}

// probed runs batches through a probe.
func probed(t *testing.T, m *graph.Model, batches ...[]float32) (clipping []graph.Clipping, warnings string) {
	t.Helper()
	p, err := m.Probe(8)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, x := range batches {
		if err := p.Run(x); err != nil {
			t.Fatal(err)
		}
	}
	return p.Clipping(), fmt.Sprint(p.Health())
}

// Images beyond the range that was observed are clipped, whatever the method,
// and so are activations beyond theirs; what was observed is not. The probe
// moves nothing.
func TestProbeCountsClippedActivations(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 9))
	for _, method := range []fakequant.Method{fakequant.STE, fakequant.LSQ, fakequant.LSQPlus, fakequant.PACT, fakequant.LearnedRange} {
		t.Run(method.String(), func(t *testing.T) {
			m := small(t, with(func(s *fakequant.Scheme) {
				s.Activations.Method, s.Activations.Observer.Kind = method, observers.MinMax
				if method == fakequant.LSQPlus || method == fakequant.LearnedRange {
					s.Activations.Scheme, s.Activations.Format = affine.Affine, affine.Format{Bits: 8, Unsigned: true}
				}
			}))
			seen := images(rng, 8, m.Input())
			observe(t, m, seen)
			m.SetObservers(false)
			before := fmt.Sprint(m.State())
			if _, got := probed(t, m, seen); got != "[]" {
				t.Errorf("warnings about what was observed: %s", got)
			}
			large := make([]float32, len(seen))
			for i, v := range seen {
				large[i] = 100 * v
			}
			clipping, got := probed(t, m, large, seen)
			if want := " % of the values are clipped: the range is too small for them"; !strings.HasPrefix(got, "[input: 4") || !strings.Contains(got, want) {
				t.Errorf("warnings %s, want %s", got, want)
			}
			if n := int64(2 * len(seen)); clipping[0].Tensor != "input" || clipping[0].Count != n {
				t.Errorf("first count %+v, want %d elements of the input", clipping[0], n)
			}
			if after := fmt.Sprint(m.State()); after != before {
				t.Error("the probe has moved the model")
			}
			for i := range param(m, "conv1.bias") {
				param(m, "conv1.bias")[i] = 100
			}
			if _, got := probed(t, m, seen); !strings.Contains(got, "conv1: 100 % of the values are clipped") {
				t.Errorf("warnings %s, want one of conv1", got)
			}
		})
	}
}

// The counts of the input and of the first layer against a naive computation in
// float64.
func TestProbeAgainstTheEquations(t *testing.T) {
	m := small(t, fakequant.Int8())
	m.SetObservers(false)
	rng := rand.New(rand.NewPCG(12, 9))
	x := images(rng, 8, m.Input())
	for i := range x {
		x[i] *= 2
	}
	frozen, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	s, w := float64(frozen.Input.Quant.Scale), frozen.Nodes[0].Weights
	var wantInput, wantConv int64
	fake := make([]float64, len(x))
	for i, v := range x {
		r := float64(v)
		if r >= 127.5*s || r < -128.5*s {
			wantInput++
		}
		fake[i] = s * math.RoundToEven(min(max(r/s, -128), 127))
	}
	for at := range 8 * 4 * 4 * 5 { // n, y, x, o of the output
		n, row, col, o := at/80, at/20%4, at/5%4, at%5
		sum := float64(frozen.Nodes[0].Bias.Q[o]) * float64(frozen.Nodes[0].Bias.Scale[o])
		for k := range 27 { // i, dy, dx of the kernel
			i, dy, dx := k/9, k/3%3, k%3
			sum += float64(w.Q[o*27+k]) * float64(w.Scale[o]) * fake[((n*6+row+dy)*6+col+dx)*3+i]
		}
		if sum >= 255.5*float64(frozen.Nodes[0].Output.Quant.Scale) {
			wantConv++
		}
	}
	clipping, _ := probed(t, m, x)
	for i, want := range []int64{wantInput, wantConv} {
		if got := clipping[i].Clipped; got != want || want == 0 {
			t.Errorf("%d of %s clipped, want %d", got, clipping[i].Tensor, want)
		}
	}
}

// In every network each activation that has a range of its own is counted, and
// what the observers have seen of a batch, with batch norm at rest, is inside.
func TestProbeSeesWhatAStepSees(t *testing.T) {
	type subject struct {
		network graph.Network
		in      graph.Shape
	}
	subjects := map[string]subject{}
	for _, z := range zoo {
		n, err := graph.Builtin(z.name, z.classes)
		if err != nil {
			t.Fatal(err)
		}
		subjects[z.name] = subject{n, z.in}
	}
	for name, n := range standing {
		subjects[name] = subject{n, graph.Shape{C: 3, H: 6, W: 5}}
	}
	scheme := with(func(s *fakequant.Scheme) { s.Activations.Observer.Kind = observers.MinMax })
	for name, s := range subjects {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			m, err := graph.New(s.network, s.in, graph.Uniform(scheme), rng)
			if err != nil {
				t.Fatal(err)
			}
			m.SetObservers(true)
			m.SetFakeQuant(true)
			m.FreezeBatchNorm(true)
			x := images(rng, 8, s.in)
			observe(t, m, x)
			counted := map[string]int64{}
			clipping, _ := probed(t, m, x)
			for _, c := range clipping {
				counted[c.Tensor] = c.Count
				if c.Share() > 1e-3 { // a step rounds ties otherwise, see the package's comment
					t.Errorf("%d of %d elements of %s are clipped", c.Clipped, c.Count, c.Tensor)
				}
			}
			for _, p := range m.Placements() {
				if p.Config.Granularity.Kind == affine.PerTensor && p.Config.Observer.Kind != observers.Fixed && counted[p.Tensor] == 0 {
					t.Errorf("%s is not counted", p.Tensor)
				}
			}
			if want := int64(8 * s.in.Size()); counted["input"] < want {
				t.Errorf("%d elements of the input are counted, want %d and what shares its range", counted["input"], want)
			}
		})
	}
}

// A batch of another size is refused.
func TestProbeWantsItsBatch(t *testing.T) {
	m := small(t, fakequant.Int8())
	if _, err := m.Probe(0); err == nil || err.Error() != "graph: batch of 0: want at least 1" {
		t.Errorf("error = %v", err)
	}
	p, err := m.Probe(2)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Run(make([]float32, 5)); err == nil || err.Error() != "graph: batch of 5 numbers: want 216" {
		t.Errorf("error = %v", err)
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
