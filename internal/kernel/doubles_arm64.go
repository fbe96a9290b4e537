//go:build arm64 && !noasm

package kernel

import "petrify/internal/portable"

// eights is how many of n elements the assembly takes in float64, 8 at a time.
func eights(n int) int {
	if path == generic {
		return 0
	}
	return n &^ 7
}

// expTerms are the constants of expNEON: room for top, then those of Exp.
var expTerms = [19]float64(append([]float64{0}, portable.ExpTerms()...))

func exponentials(e []float64, x []float32, top float64) {
	n := eights(len(x))
	if s := minMaxBlock(x[:n]); s.nonFinite > 0 || !(float64(s.lo)-top >= -690) {
		n = 0 // some are subnormal or not numbers
	}
	if n > 0 {
		k := expTerms
		k[0] = top
		expNEON(&e[0], &x[0], n, &k[0])
	}
	exponentialsGeneric(e[n:], x[n:], top)
}

func normalise(y, x, gamma, beta []float32, mean, f float64) {
	n := eights(len(x))
	if n > 0 {
		k := [2]float64{mean, f}
		normaliseNEON(&y[0], &x[0], &gamma[0], &beta[0], n, &k[0])
	}
	normaliseGeneric(y[n:], x[n:], gamma[n:], beta[n:], mean, f)
}
