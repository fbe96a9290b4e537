package graph_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

var (
	networks  = flag.Uint64("networks", 60, "random networks whose training steps are compared with float64's")
	firstSeed = flag.Uint64("seed", 1, "of the first of them")
)

// Random networks of all kinds of layers train in float by the gradients that are
// the slopes of their loss, computed in float64.
func TestRandomNetworksInFloat(t *testing.T) { campaign(t, false) }

// The same for networks that quantize, with all methods, observers, schemes,
// ramps and switches, and with grids shared by several activations.
func TestRandomNetworksQuantized(t *testing.T) { campaign(t, true) }

func campaign(t *testing.T, quantized bool) {
	const steps = 3
	compared, count := 0, sample.Of(*networks, 6)
	for seed := *firstSeed; seed < *firstSeed+count; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			n, in := randnet.Network(rng, randnet.Options{Layers: 8})
			var q graph.Quantization
			if quantized {
				q = randnet.Quantization(rng, n, in)
			}
			compared += training{n, in, q, quantized}.compare(t, rng, steps, func(step int) graph.Switches {
				return graph.Switches{
					Observe:  step == 0 || rng.IntN(3) > 0,
					Quantize: step > 0 || rng.IntN(2) > 0, BatchNormFrozen: rng.IntN(4) == 0,
				}
			})
		})
	}
	enough(t, compared, steps*int(count), 0.5)
}
