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
	for _, method := range []fakequant.Method{fakequant.STE, fakequant.LSQ, fakequant.LSQPlus, fakequant.PACT,
		fakequant.LearnedRange} {
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
			if want := " % of the values are clipped: the range is too small for them"; !strings.HasPrefix(got,
				"[input: 4") || !strings.Contains(got, want) {
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
				if p.Config.Granularity.Kind == affine.PerTensor && p.Config.Observer.Kind != observers.Fixed &&
					counted[p.Tensor] == 0 {
					t.Errorf("%s is not counted", p.Tensor)
				}
			}
			if want := int64(8 * s.in.Size()); counted["input"] < want {
				t.Errorf("%d elements of the input are counted, want %d and what shares its range",
					counted["input"], want)
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
