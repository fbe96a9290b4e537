package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/graph"
)

// Measure finds in an evaluation's outputs what the evaluation itself found,
// whatever the order of the input's elements.
func TestMeasureAgreesWithTheEvaluator(t *testing.T) {
	in := graph.Shape{C: 2, H: 2, W: 3}
	for _, loss := range []graph.Loss{graph.CrossEntropy, graph.MeanSquare} {
		n := graph.Chain(graph.Flatten(), graph.Linear(in.Size()))
		n.Loss = loss
		rng := rand.New(rand.NewPCG(1, 1))
		m, err := graph.New(n, in, graph.Quantization{}, rng)
		if err != nil {
			t.Fatal(err)
		}
		e, err := m.Evaluator(4, false)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		x, labels := images(rng, 4, in), []int32{3, 0, 11, -1}
		want, err := e.Run(x, labels)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Measure(e.Logits(), x, labels)
		if err != nil || got.Count != 3 || got.Correct != want.Correct || math.Abs(got.Loss-want.Loss) > 1e-12 {
			t.Errorf("%v: %+v, %v, the evaluator found %+v", loss, got, err, want)
		}
	}
}
