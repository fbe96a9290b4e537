package main

import (
	"math"
	"slices"
)

// spread is a number over the rounds.
type spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// over is the spread of at least one number.
func over(x []float64) spread {
	x = slices.Sorted(slices.Values(x))
	n := len(x)
	return spread{(x[(n-1)/2] + x[n/2]) / 2, x[0], x[n-1]}
}

// line is t = A + B·x.
type line struct {
	A float64 `json:"fixed"`
	B float64 `json:"slope"`
}

// fit is the line of the least relative squared error, Σ ((A + B·x)/t − 1)²:
// small sizes count as much as large ones.
func fit(x, t []float64) line {
	var uu, uv, vv, u1, v1 float64 // with u = 1/t, v = x/t: A·u + B·v ≈ 1
	for i := range x {
		u, v := 1/t[i], x[i]/t[i]
		uu, uv, vv = uu+u*u, uv+u*v, vv+v*v
		u1, v1 = u1+u, v1+v
	}
	d := uu*vv - uv*uv
	return line{(u1*vv - v1*uv) / d, (uu*v1 - uv*u1) / d}
}

// residual is the greatest distance from the line, as a share of it.
func (l line) residual(x, t []float64) (most float64) {
	for i := range x {
		most = max(most, math.Abs(l.off(x[i], t[i])))
	}
	return most
}

// off is how much t lies above the line, as a share of it.
func (l line) off(x, t float64) float64 { return t/(l.A+l.B*x) - 1 }
