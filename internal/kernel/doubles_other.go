//go:build !arm64 || noasm

package kernel

func exponentials(e []float64, x []float32, top float64) { exponentialsGeneric(e, x, top) }

func normalise(y, x, gamma, beta []float32, mean, f float64) {
	normaliseGeneric(y, x, gamma, beta, mean, f)
}
