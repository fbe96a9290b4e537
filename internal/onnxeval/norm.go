package onnxeval

import (
	"fmt"
	"math"
	"slices"
)

// layerNormalization goes over all axes from the given one on; its other outputs are
// the means and 1/√(σ² + ε).
func layerNormalization(c *call) ([]*Tensor, error) {
	x := c.in[0]
	at, err := axis(c.Int("axis", -1), len(x.Shape))
	if err != nil {
		return nil, err
	}
	for i, p := range c.in[1:] {
		if p == nil {
			continue
		}
		if wide, err := Broadcast(x.Shape[at:], p.Shape); err != nil || !slices.Equal(wide, x.Shape[at:]) {
			return nil, fmt.Errorf("input %d of shape %v: want one that goes with %v", i+2, p.Shape, x.Shape[at:])
		}
	}
	kept := slices.Clone(x.Shape)
	for i := at; i < len(kept); i++ {
		kept[i] = 1
	}
	y, err := x.like(x.Shape)
	if err != nil {
		return nil, err
	}
	row := func() *Tensor { return &Tensor{Type: x.Type, Shape: kept, F: make([]float64, product(kept))} }
	mean, factor := row(), row()
	n, epsilon := product(x.Shape[at:]), c.Real("epsilon", 1e-5)
	for i := range mean.F {
		row := x.F[i*n : (i+1)*n]
		variance := 0.0
		for _, v := range row {
			mean.F[i] += v / float64(n)
		}
		for _, v := range row {
			variance += (v - mean.F[i]) * (v - mean.F[i]) / float64(n)
		}
		factor.F[i] = 1 / math.Sqrt(variance+epsilon)
		for k, v := range row {
			y.F[i*n+k] = (v - mean.F[i]) * factor.F[i]
		}
	}
	if y, err = combine(y, c.in[1], x.Type, func(y, g float64) float64 { return y * g }, nil); err != nil {
		return nil, err
	}
	if b := c.input(2); b != nil {
		y, err = combine(y, b, x.Type, func(y, b float64) float64 { return y + b }, nil)
	}
	return []*Tensor{y, mean, factor}, err
}
