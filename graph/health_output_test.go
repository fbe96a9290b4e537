package graph_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

func TestHealthCountsTheValuesOfTheOutput(t *testing.T) {
	for _, tt := range []struct {
		name    string
		bits    int
		classes int
		change  func(n *graph.Network, q *graph.Quantization)
		warns   bool
	}{
		{"4 values, 5 classes", 2, 5, nil, true},
		{"4 values, 4 classes", 2, 4, nil, false},
		{"8 values, 5 classes", 3, 5, nil, false},
		{"8 values, 10 classes", 3, 10, nil, true},
		{"edges of 8 bits", 2, 5, func(_ *graph.Network, q *graph.Quantization) { q.EdgeBits = 8 }, false},
		{"a float output", 2, 5, func(_ *graph.Network, q *graph.Quantization) { q.FloatOutput = true }, false},
		{"no classes", 2, 5, func(n *graph.Network, _ *graph.Quantization) { n.Loss = graph.MeanSquare }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, q := graph.Chain(graph.Linear(tt.classes).Named("fc")), graph.Uniform(fakequant.Bits(tt.bits))
			if tt.change != nil {
				tt.change(&n, &q)
			}
			m, err := graph.New(n, graph.Shape{C: 5, H: 1, W: 1}, q, rand.New(rand.NewPCG(1, 2)))
			if err != nil {
				t.Fatal(err)
			}
			if got := warnings(m); strings.Contains(got, "values for the outputs of") != tt.warns {
				t.Errorf("warnings:\n%s\nwant one of the output: %v", got, tt.warns)
			}
		})
	}
}
