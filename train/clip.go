package train

import (
	"math"

	"petrify/graph"
)

// clip scales the gradients so that their common Euclidean norm is at most the
// given limit:
//
//	g = g · min(1, limit/‖g‖)        ‖g‖² = Σ over all parameters of g²
//
// The sum is in float64 and in a fixed order, so that it does not depend on how
// the work is divided.
//
// Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training
// recurrent neural networks", ICML 2013, algorithm 1.
func clip(params []*graph.Param, limit float64) {
	var squares float64
	for _, p := range params {
		for _, g := range p.Grad {
			squares += float64(float64(g) * float64(g))
		}
	}
	norm := math.Sqrt(squares)
	if norm <= limit {
		return
	}
	f := float32(limit / norm)
	for _, p := range params {
		for i := range p.Grad {
			p.Grad[i] *= f
		}
	}
}
