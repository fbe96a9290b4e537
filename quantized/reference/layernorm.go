package reference

import "math"

// layerNorm makes the mean of the channels of each pixel 0 and their variance 1, and
// then multiplies and adds, in float64. Of integers all is exact up to the root: with
// the sum S = Σ d and n·Σ d² − S², which are n times the mean and n² times the variance,
//
//	y[c] = float32((n·d[c] − S)·f·γ[c] + β[c])        f = 1/√(n·Σ d² − S² + n²·ε/s²)
//
// and of real numbers, with sums channel after channel,
//
//	y[c] = float32((x[c] − μ)·f·γ[c] + β[c])          f = 1/√(Σ (x − μ)²/n + ε)        μ = Σ x/n
//
// Each operation is rounded by itself, from left to right.
func layerNorm(l *layer) {
	x := l.x[0]
	channels := x.Shape[0]
	pixels := x.Len() / channels
	epsilon := float64(l.Norm.Epsilon)
	normalised := make([]float64, x.Len())
	for p := range pixels {
		row, n := make([]float64, channels), float64(channels)
		sum, squares, f := 0.0, 0.0, 0.0
		for c := range row {
			if row[c] = float64(x.Real(c*pixels + p)); !x.Quant.IsFloat() {
				row[c] = float64(x.centred(c*pixels + p))
				squares += row[c] * row[c]
			}
			sum += row[c]
		}
		if s := float64(x.Quant.Scale); !x.Quant.IsFloat() {
			for c := range row {
				row[c] = n*row[c] - sum
			}
			f = 1 / math.Sqrt(n*squares-sum*sum+n*n*epsilon/(s*s))
		} else {
			mean, variance := sum/n, 0.0
			for c := range row {
				row[c] -= mean
				variance += float64(row[c] * row[c])
			}
			f = 1 / math.Sqrt(variance/n+epsilon)
		}
		for c, v := range row {
			normalised[c*pixels+p] = float64(float64(v*f)*float64(l.Norm.Gamma[c])) + float64(l.Norm.Beta[c])
		}
	}
	for _, v := range normalised {
		l.y.putReal(float32(v))
	}
}
