package graph_test

import (
	"math"

	"petrify/graph"
)

// layerNorm is γ·(x − μ)/√(σ² + ε) + β with the mean and variance of a pixel's channels.
func (o *oracle) layerNorm(u graph.View, x []float64) []float64 {
	γ, β := o.values[u.LayerNorm.Gamma], o.values[u.LayerNorm.Beta]
	y, pixels := make([]float64, len(x)), u.Out.H*u.Out.W
	for n := range o.batch {
		for p := range pixels {
			at := func(c int) int { return (n*u.Out.C+c)*pixels + p }
			mean, variance, most := 0.0, 0.0, 0.0
			for c := range u.Out.C {
				mean += x[at(c)] / float64(u.Out.C)
				most = max(most, math.Abs(x[at(c)]))
			}
			for c := range u.Out.C {
				variance += (x[at(c)] - mean) * (x[at(c)] - mean) / float64(u.Out.C)
			}
			if σ2 := variance + u.LayerNorm.Epsilon; o.recording && u.Out.C > 1 && σ2 < 1e-4*most*most {
				o.unsure++ // nearly constant: float32 has hardly a digit left
			}
			for c := range u.Out.C {
				y[at(c)] = γ[c]*(x[at(c)]-mean)/math.Sqrt(variance+u.LayerNorm.Epsilon) + β[c]
			}
		}
	}
	return y
}
