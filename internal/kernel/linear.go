package kernel

// Linear is the shape of a fully connected layer on a batch: N vectors of F
// features, each to O outputs. Weights are O F.
type Linear struct {
	N, F, O int
}

// LinearForward computes a fully connected layer,
//
//	y[n,o] = Σ_f x[n,f]·w[o,f] + bias[o]
//
// bias is [o] or nil.
func LinearForward(y, x, w, bias []float32, g Linear, s *Scratch) {
	g.check("LinearForward", y, x, w)
	if bias != nil {
		checkLen("LinearForward", "bias", len(bias), g.O)
	}
	p := product{m: g.N, n: g.O, k: g.F, a: matrix{x, g.F, 1}, b: matrix{w, 1, g.F}, c: y, ldc: g.O, bias: bias}
	p.run(s)
}

// LinearBackwardInput computes dx[n,f] = Σ_o dy[n,o]·w[o,f].
func LinearBackwardInput(dx, dy, w []float32, g Linear, s *Scratch) {
	g.check("LinearBackwardInput", dy, dx, w)
	p := product{m: g.N, n: g.F, k: g.O, a: matrix{dy, g.O, 1}, b: matrix{w, g.F, 1}, c: dx, ldc: g.F}
	p.run(s)
}

// LinearBackwardWeights computes dw[o,f] = Σ_n dy[n,o]·x[n,f].
func LinearBackwardWeights(dw, x, dy []float32, g Linear, s *Scratch) {
	g.check("LinearBackwardWeights", dy, x, dw)
	p := product{m: g.O, n: g.F, k: g.N, a: matrix{dy, 1, g.O}, b: matrix{x, g.F, 1}, c: dw, ldc: g.F}
	p.run(s)
}

// check panics unless the layer's sizes are positive and the slices have its
// lengths.
func (g Linear) check(kernel string, y, x, w []float32) {
	if min(g.N, g.F, g.O) < 1 {
		panic("kernel: " + kernel + ": layer of no size")
	}
	checkLen(kernel, "y", len(y), g.N*g.O)
	checkLen(kernel, "x", len(x), g.N*g.F)
	checkLen(kernel, "w", len(w), g.O*g.F)
}
