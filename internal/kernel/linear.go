package kernel

// LinearForward computes a fully connected layer,
//
//	y[n,o] = Σ_f x[n,f]·w[o,f] + bias[o]
//
// bias is [o] or nil.
func LinearForward(y, x, w, bias []float32, n, f, o int, s *Scratch) {
	checkLinear("LinearForward", y, x, w, n, f, o)
	if bias != nil {
		checkLen("LinearForward", "bias", len(bias), o)
	}
	p := product{m: n, n: o, k: f, alpha: 1, a: newMatrix(x, f, false), b: newMatrix(w, f, true), c: y, ldc: o,
		bias: bias}
	p.run(s)
}

// LinearBackwardInput computes dx[n,f] = Σ_o dy[n,o]·w[o,f].
func LinearBackwardInput(dx, dy, w []float32, n, f, o int, s *Scratch) {
	checkLinear("LinearBackwardInput", dy, dx, w, n, f, o)
	p := product{m: n, n: f, k: o, alpha: 1, a: newMatrix(dy, o, false), b: newMatrix(w, f, false), c: dx, ldc: f}
	p.run(s)
}

// LinearBackwardWeights computes dw[o,f] = Σ_n dy[n,o]·x[n,f].
func LinearBackwardWeights(dw, x, dy []float32, n, f, o int, s *Scratch) {
	checkLinear("LinearBackwardWeights", dy, x, dw, n, f, o)
	p := product{m: o, n: f, k: n, alpha: 1, a: newMatrix(dy, o, true), b: newMatrix(x, f, false), c: dw, ldc: f}
	p.run(s)
}

// checkLinear panics unless the layer has a size and the slices its lengths.
func checkLinear(kernel string, y, x, w []float32, n, f, o int) {
	if n < 1 || f < 1 || o < 1 {
		panic("kernel: " + kernel + ": layer of no size")
	}
	checkLen(kernel, "y", len(y), n*o)
	checkLen(kernel, "x", len(x), n*f)
	checkLen(kernel, "w", len(w), o*f)
}
