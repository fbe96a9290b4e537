package integer_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/internal/randnet"
	"petrify/internal/sample"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// TestRandomModelsAreTheDefinitions: random integers in random networks, in every
// scheme, a mode for each.
func TestRandomModelsAreTheDefinitions(t *testing.T) {
	schemes := maps.Clone(quantizations)
	maps.Copy(schemes, floating)
	for i, name := range slices.Sorted(maps.Keys(schemes)) {
		for seed := range sample.Of(uint64(10), 5) {
			mode := reference.Modes()[(i+int(seed))%len(modes)]
			t.Run(fmt.Sprintf("%s/%d/%v", name, seed, mode), func(t *testing.T) {
				b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 3)), schemes[name], int(seed))
				defined(t, m, mode, modes[mode], b.Inputs(m, 5))
			})
		}
	}
}

// TestFrozenNetworksAreTheDefinitions: what comes from training, with layers left
// in float, scales for blocks, few bits, shared grids and all that randnet draws.
func TestFrozenNetworksAreTheDefinitions(t *testing.T) {
	for seed := range sample.Of(uint64(60), 6) {
		mode := reference.Modes()[seed%uint64(len(modes))]
		t.Run(fmt.Sprintf("%d/%v", seed, mode), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 4))
			network, in := randnet.Network(rng, randnet.Options{})
			q := randnet.Quantization(rng, network, in)
			m, err := trained(t, network, in, q).Freeze()
			if err != nil {
				t.Fatal(err)
			}
			defined(t, m, mode, modes[mode], noise(rng, 4*in.Size()))
		})
	}
}
