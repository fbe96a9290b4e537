package graph_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

// Random networks of all kinds of layers can be repaired, and freeze.
func TestRandomNetworksAreRepaired(t *testing.T) {
	for seed := range sample.Of(uint64(60), 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 6))
			n, in := randnet.Network(rng, randnet.Options{Layers: 8})
			q := randnet.Quantization(rng, n, in)
			m, err := graph.New(n, in, q, rng)
			if err != nil {
				t.Fatal(err)
			}
			const batch = 8
			trainer, err := m.Trainer(batch, true)
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Close()
			m.SetObservers(true)
			x := images(rng, batch, in)
			if _, err := trainer.Step(x, make([]int32, batch)); err != nil {
				t.Fatal(err)
			}
			m.SetObservers(false)
			m.SetFakeQuant(true)
			o := graph.Repair{BiasCorrection: true, GPTQ: true, AdaRound: seed%2 == 0, BRECQ: seed%2 == 1, Iterations: 3,
				Damping: 0.1}
			if err := m.Repair(t.Context(), o, x); err != nil {
				t.Fatalf("%v\n%v", err, n)
			}
			if _, err := m.Freeze(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
