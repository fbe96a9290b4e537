package kernel

import "math"

// LayerNorm makes the mean of each row 0 and its variance 1, multiplies by γ and adds β:
//
//	y[i,c] = (x[i,c] − μ[i])·f[i]·γ[c] + β[c]        f = 1/√(σ² + ε)
//
// (Ba et al., “Layer normalization”, 2016, equation 4). Everything is in float64, each
// operation rounded by itself, from left to right, and only y is rounded to float32.
type LayerNorm struct {
	Gamma, Beta []float32
	Epsilon     float64
}

// Forward normalises rows of real numbers, whose sums go from left to right.
func (k LayerNorm) Forward(y, x []float32) {
	checkLen("LayerNorm", "y", len(y), len(x))
	for c := len(k.Gamma); len(x) > 0; x, y = x[c:], y[c:] {
		mean, f := k.moments(x[:c])
		normalise(y[:c], x[:c], k.Gamma, k.Beta, mean, f)
	}
}

// moments is a row's μ and f.
func (k LayerNorm) moments(row []float32) (mean, f float64) {
	n, variance := float64(len(row)), 0.0
	for _, v := range row {
		mean += float64(v)
	}
	mean /= n
	for _, v := range row {
		d := float64(v) - mean
		variance += float64(d * d)
	}
	return mean, 1 / math.Sqrt(variance/n+k.Epsilon)
}

// ForwardBytes normalises rows of integers x of the given grid. Sums are of d = x − z,
// and all is exact but f, which is that of n·d instead of s·d, and what it multiplies:
//
//	y = (n·d − S)·f·γ + β        f = 1/√(n·Σ d² − S² + n²·ε/s²)        S = Σ d
func (k LayerNorm) ForwardBytes(y []float32, x []uint8, from Grid) {
	checkLen("LayerNorm", "y", len(y), len(x))
	c, s := len(k.Gamma), float64(from.Scale)
	n := int64(c)
	epsilon := float64(c) * float64(c) * k.Epsilon / (s * s)
	for ; len(x) > 0; x, y = x[c:], y[c:] {
		var sum, squares int64
		for _, q := range x[:c] {
			d := int64(q) - int64(from.Zero)
			sum += d
			squares += d * d
		}
		f := 1 / math.Sqrt(float64(n*squares-sum*sum)+epsilon)
		for i, q := range x[:c] {
			y[i] = scaled(float64(n*(int64(q)-int64(from.Zero))-sum)*f, k.Gamma[i], k.Beta[i])
		}
	}
}

// Backward computes the gradients, those of γ and β summed over the rows from the
// first on:
//
//	dx = f·(g − Σ g/n − x̂·Σ g·x̂/n)        g = dy·γ        x̂ = (x − μ)·f
//	dγ = Σ dy·x̂                           dβ = Σ dy
func (k LayerNorm) Backward(dx, dgamma, dbeta, dy, x []float32) {
	checkLen("LayerNorm", "dx", len(dx), len(x))
	c := len(k.Gamma)
	hat, factors, shifts := make([]float64, c), make([]float64, c), make([]float64, c)
	for ; len(x) > 0; x, dx, dy = x[c:], dx[c:], dy[c:] {
		mean, f := k.moments(x[:c])
		sum, product := 0.0, 0.0
		for i, v := range x[:c] {
			hat[i] = (float64(v) - mean) * f
			g := float64(float64(dy[i]) * float64(k.Gamma[i]))
			sum, product = sum+g, product+float64(g*hat[i])
			factors[i] += float64(float64(dy[i]) * hat[i])
			shifts[i] += float64(dy[i])
		}
		for i := range hat {
			g := float64(float64(dy[i]) * float64(k.Gamma[i]))
			dx[i] = float32(f * (g - sum/float64(c) - float64(hat[i]*product)/float64(c)))
		}
	}
	for i := range factors {
		dgamma[i], dbeta[i] = float32(factors[i]), float32(shifts[i])
	}
}
