package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
	"petrify/quantized"
)

// A model whose quantizers are all exchanged freezes as the one that they come from,
// a model without them as the float network, and after each the model is as before.
func TestMix(t *testing.T) {
	for seed := range sample.Of(*networks/2, 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			c := randnet.Draw(rng, randnet.Options{Layers: 8})
			here, there := shown(t, c, seed, 1), shown(t, c, seed, 3)
			plain := c
			plain.Quantization = graph.Quantization{}
			before := frozen(t, here.Freeze)
			all, none := map[string]*graph.Model{}, map[string]*graph.Model{}
			for _, p := range here.Placements() {
				all[p.Tensor], none[p.Tensor] = there, nil
			}
			mixed := func(of map[string]*graph.Model) *quantized.Model {
				return frozen(t, func() (*quantized.Model, error) { return here.Mix(of) })
			}
			for name, same := range map[string][2]*quantized.Model{
				"all":  {frozen(t, there.Freeze), mixed(all)},
				"none": {frozen(t, shown(t, plain, seed, 1).Freeze), mixed(none)},
				"own":  {before, frozen(t, here.Freeze)},
			} {
				if diff := cmp.Diff(same[0], same[1]); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
}

func frozen(t *testing.T, freeze func() (*quantized.Model, error)) *quantized.Model {
	t.Helper()
	m, err := freeze()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shown is a model that has seen images of a size.
func shown(t *testing.T, c randnet.Case, seed uint64, reach float32) *graph.Model {
	t.Helper()
	m, err := c.Model(rand.New(rand.NewPCG(seed, 4)))
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := m.Trainer(4, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	m.Switch(func(string) graph.Switches { return graph.Switches{Observe: true, BatchNormFrozen: true} })
	x := images(rand.New(rand.NewPCG(seed, 5)), 4, c.Input)
	for i := range x {
		x[i] *= reach
	}
	if _, err := trainer.Step(x, slices.Repeat([]int32{0}, 4)); err != nil {
		t.Fatal(err)
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}
