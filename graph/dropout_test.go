package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// A dropout divides what it keeps by 1 − rate, which takes it off its
// quantizer's grid and beyond its range. Layers that only move the numbers
// change nothing: the product uses them as they are.
func TestProductsTakeDropoutsAsTheyAre(t *testing.T) {
	const batch, features, outputs = 5, 6, 4
	drop, last := graph.Dropout(0.3).Named("drop"), graph.Linear(outputs).Named("last")
	for name, tt := range map[string]struct {
		network graph.Network
		parts   []string // of the last layer's input
	}{
		"at once": {graph.Chain(drop, last), []string{"drop"}},
		"moved":   {graph.Chain(drop, graph.Flatten(), graph.Identity(), last), []string{"drop"}},
		"concatenated": {graph.Chain(drop, graph.Concat("drop", graph.InputName), last),
			[]string{"drop", "input"}},
		"concatenated, last": {graph.Chain(drop, graph.Concat(graph.InputName, "drop"), last),
			[]string{"input", "drop"}},
	} {
		t.Run(name, func(t *testing.T) {
			q := graph.Uniform(fakequant.Int8())
			q.FloatOutput = true
			m := stepped(t, tt.network, graph.Shape{C: features, H: 1, W: 1}, q)
			m.SetObservers(false)
			trainer, err := m.Trainer(batch, true)
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Close()
			x := images(rand.New(rand.NewPCG(1, 2)), batch, m.Input())
			if _, err := trainer.Step(x, make([]int32, batch)); err != nil {
				t.Fatal(err)
			}
			state := map[string][]float32{}
			for _, s := range m.State() {
				state[s.Name] = s.F32
			}
			var in [][]float32 // rows
			for n := range batch {
				var row []float32
				for _, part := range tt.parts {
					for i := n * features; i < (n+1)*features; i++ {
						v := fake(x[i], state["input.scale"][0])
						if part == "drop" {
							v *= trainer.Masks()["drop"][i]
						}
						row = append(row, v)
					}
				}
				in = append(in, row)
			}
			closeTo(t, "outputs", trainer.Outputs(), products(in, state["last.weight"], state["last.weight.scale"],
				state["last.bias"]))
		})
	}
}

// fake is a number rounded to int8.
func fake(x, s float32) float32 {
	return s * float32(max(-128, min(math.RoundToEven(float64(x/s)), 127)))
}

// products is a linear layer of the rounded weights.
func products(in [][]float32, w, s, b []float32) (y []float32) {
	for _, row := range in {
		for o := range b {
			sum := float64(b[o])
			for i, x := range row {
				sum += float64(x) * float64(fake(w[o*len(row)+i], s[o]))
			}
			y = append(y, float32(sum))
		}
	}
	return y
}
