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

// attention is the products of queries and keys, or of shares and values.
func (o *oracle) attention(u graph.View, a, b []float64) []float64 {
	y := make([]float64, o.batch*u.Out.Size())
	first, second := u.Ins[0], u.Ins[1]
	o.positions(u, func(i, n, c, p, q int) {
		if u.Layer.Kind == graph.KindAttentionValues { // c of Out is that of the values
			head := c / (second.C / first.H)
			for k := range second.W {
				y[i] += a[((n*first.C+k)*first.H+head)*first.W+q] * b[(n*second.C+c)*second.W+k]
			}
			return
		}
		each := first.C / u.Layer.Heads // p is the head, c the key
		scale := float64(u.Layer.Scale)
		if scale == 0 {
			scale = 1 / math.Sqrt(float64(each))
		}
		for j := range each {
			ch := p*each + j
			y[i] += scale * a[(n*first.C+ch)*first.W+q] * b[(n*second.C+ch)*second.W+c]
		}
	})
	return y
}
