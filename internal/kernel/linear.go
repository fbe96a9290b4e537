package kernel

// LinearForward computes a fully connected layer,
//
//	y[n,o] = Σ_f x[n,f]·w[o,f] + bias[o]
//
// bias is [o] or nil.
func LinearForward(y, x, w, bias []float32, n, f, o int, s *Scratch) {
	checkLinear(y, x, w, n, f, o)
	beta := float32(0)
	if bias != nil {
		length("bias", len(bias), o)
		for i := range n {
			copy(y[i*o:], bias)
		}
		beta = 1
	}
	Gemm(false, true, n, o, f, 1, x, f, w, f, beta, y, o)
}

// LinearBackwardInput computes dx[n,f] = Σ_o dy[n,o]·w[o,f].
func LinearBackwardInput(dx, dy, w []float32, n, f, o int, s *Scratch) {
	checkLinear(dy, dx, w, n, f, o)
	Gemm(false, false, n, f, o, 1, dy, o, w, f, 0, dx, f)
}

// LinearBackwardWeights computes dw[o,f] = Σ_n dy[n,o]·x[n,f].
func LinearBackwardWeights(dw, x, dy []float32, n, f, o int, s *Scratch) {
	checkLinear(dy, x, dw, n, f, o)
	Gemm(true, false, o, f, n, 1, dy, o, x, f, 0, dw, f)
}

func checkLinear(y, x, w []float32, n, f, o int) {
	length("y", len(y), n*o)
	length("x", len(x), n*f)
	length("w", len(w), o*f)
}
