package kernel

import "petrify/internal/portable"

// exponentialsGeneric is e = exp(x − top), for top at least as great as every x.
func exponentialsGeneric(e []float64, x []float32, top float64) {
	for i, v := range x {
		e[i] = portable.Exp(float64(v) - top)
	}
}

// normaliseGeneric is y = (x − mean)·f·γ + β of a row of [LayerNorm].
func normaliseGeneric(y, x, gamma, beta []float32, mean, f float64) {
	for i, v := range x {
		y[i] = scaled((float64(v)-mean)*f, gamma[i], beta[i])
	}
}

// scaled is y of a normalised number.
func scaled(v float64, gamma, beta float32) float32 {
	return float32(float64(v*float64(gamma)) + float64(beta))
}
