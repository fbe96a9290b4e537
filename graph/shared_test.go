package graph_test

import (
	"flag"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/sample"
	"petrify/observers"
)

// joined is a network in which one grid has three activations, and a mean of them:
// of nine, so that none is halfway between two integers.
var joined = graph.Chain(
	graph.Conv2D(3, 1).Named("a"), graph.Conv2D(2, 1).Named("b").Taking("input"),
	graph.Conv2D(3, 1).Named("c").Taking("input"),
	graph.Concat("a", "b", "c"),
	graph.AvgPool(3).Strided(1), graph.Flatten(), graph.Linear(3).Named("last"))

// One step is one step for all activations of a grid. Each of these has found a
// fault that quantizers with one activation do not show.
func TestStepsOnSharedGrids(t *testing.T) {
	avg := graph.Chain(graph.Conv2D(3, 1), graph.AvgPool(3).Strided(1), graph.Flatten(), graph.Linear(3))
	drop := graph.Chain(graph.Conv2D(3, 1), graph.ReLU(), graph.Dropout(0.5), graph.Flatten(), graph.Linear(3))
	for name, tt := range map[string]struct {
		network graph.Network
		change  func(weights, activations *fakequant.Config)
		observe bool
	}{
		"a ramp counts steps": {joined, func(_, a *fakequant.Config) {
			a.Format.Bits, a.Ramp = 3, fakequant.Ramp{Start: 0, Finish: 6}
		}, true},
		"a ramp counts steps for learned scales": {joined, func(_, a *fakequant.Config) {
			a.Method, a.Ramp = fakequant.LSQ, fakequant.Ramp{Start: 0, Finish: 6}
		}, false},
		"a ramp reaches means": {avg, func(_, a *fakequant.Config) {
			a.Format.Bits, a.Ramp = 2, fakequant.Ramp{Start: 0, Finish: 6}
		}, true},
		"means teach learned scales": {avg, func(_, a *fakequant.Config) {
			a.Format.Bits, a.Method = 3, fakequant.LSQ
		}, false},
		"masks are by the range of their own": {joined, func(_, a *fakequant.Config) {
			a.Observer.Kind = observers.LastValue
		}, true},
		"masks of narrow ranges, too": {joined, func(_, a *fakequant.Config) {
			a.Observer = observers.Config{Kind: observers.Percentile, Percentile: 80, Constant: 0.5}
		}, true},
		"pact's penalty counts once": {joined, func(_, a *fakequant.Config) {
			a.Method, a.Decay = fakequant.PACT, 0.1
		}, false},
		"dropouts leave the grid": {drop, func(_, _ *fakequant.Config) {}, false},
		"one-sided weights have zero points": {joined, func(w, _ *fakequant.Config) {
			w.Dialect, w.Format = affine.TorchFused, affine.Int8
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakequant.Int8()
			s.Activations.Observer.Kind = observers.MinMax
			tt.change(&s.Weights, &s.Activations)
			rng := rand.New(rand.NewPCG(3, 3))
			n := training{tt.network, graph.Shape{C: 1, H: 4, W: 4}, graph.Uniform(s), true}.compare(t, rng, 12,
				func(step int) graph.Switches {
					return graph.Switches{Observe: tt.observe || step == 0, Quantize: step > 0}
				})
			enough(t, n, 12, 0.5)
		})
	}
}

// All methods, observers, schemes and numbers of bits, on weights and on shared
// activations, with scales of all granularities, ramps under way and none,
// observers that move and that rest.
func TestQuantizersOnSharedGrids(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	compared, of, configs := 0, 0, 0
	for c := range everyConfig {
		for _, onWeights := range []bool{false, true} {
			s := fakequant.Int8()
			s.Activations.Observer.Kind = observers.MinMax
			if onWeights {
				s.Weights = c
				s.Weights.Granularity = granularities[configs%len(granularities)]
			} else {
				s.Activations = c
			}
			q, in := graph.Uniform(s), graph.Shape{C: 2, H: 4, W: 3}
			if _, err := graph.New(joined, in, q, rng); err != nil {
				continue // no such tensor takes it
			}
			moving := configs%2 == 0
			if configs++; sample.Skips(configs, 14) {
				continue
			}
			of += 3
			compared += training{joined, in, q, true}.compare(t, rng, 3, func(step int) graph.Switches {
				return graph.Switches{Observe: moving || step == 0, Quantize: step > 0}
			})
			if t.Failed() {
				t.Fatalf("on weights: %v, %+v", onWeights, c)
			}
		}
	}
	t.Logf("%d configurations", configs)
	enough(t, compared, of, 0.5)
}

var granularities = []affine.Granularity{{}, {Kind: affine.PerChannel}, {Kind: affine.PerGroup, Axis: 1, Size: 2}}

var allBits = flag.Bool("bits", false, "try each quantizer on shared grids with all numbers of bits")

// everyConfig enumerates the valid configurations of one tensor. Ramps and
// dialects, and unless asked for the numbers of bits, are not multiplied with the
// rest, but go round.
func everyConfig(yield func(fakequant.Config) bool) {
	dialects, n := affine.Dialects(), 0
	for _, method := range fakequant.Methods() {
		for _, kind := range observers.Kinds() {
			for _, scheme := range affine.Schemes() {
				for k, bits := range []int{2, 3, 4, 8} {
					c := fakequant.Config{Method: method, Scheme: scheme, Observer: observers.Config{Kind: kind},
						Format: affine.Format{Bits: bits, Narrow: scheme == affine.Symmetric}}
					if kind == observers.Fixed {
						c.Observer.Min, c.Observer.Max = -0.7, 0.9
					}
					if n++; n/4%4 != k && !*allBits && method < fakequant.DoReFa {
						continue
					}
					c.Ramp = []fakequant.Ramp{{}, {Finish: 4}, {Start: 1, Finish: 2}}[n%3]
					if d := c; n%2 == 0 {
						if d.Dialect = dialects[n/2%len(dialects)]; d.Validate() == nil {
							c = d
						}
					}
					if kind == observers.Entropy && bits > 2 {
						continue // takes longer than all others
					}
					if c.Validate() == nil && !yield(c) {
						return
					}
				}
			}
		}
	}
}
