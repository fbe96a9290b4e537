package kernel

// Grid is a quantizer of a tensor: a scale, a zero point and the integers from
// Min to Max.
type Grid struct {
	Scale          float32
	Zero, Min, Max int32
}

// FakeQuant rounds x to the grid of a quantizer and back:
//
//	q[i] = clip(rne(x[i]/s) + z, qmin, qmax)    y[i] = s · (q[i] − z)
//
// in float32, with a true division and rne the rounding half to even, as ONNX
// QuantizeLinear followed by DequantizeLinear. NaN gives q = qmin, ±Inf the
// ends of the range; a zero result is +0. y may be x.
func FakeQuant(y, x []float32, to Grid) {
	checkLen("FakeQuant", "y", len(y), len(x))
	g := newGrid("FakeQuant", to)
	if len(x) <= block { // a channel of a weight: not worth a closure
		fakeQuantBlock(y, x, g)
		return
	}
	blocks(len(x), block, func(a, b int) { fakeQuantBlock(y[a:b], x[a:b], g) })
}

// FakeQuantGrad is the straight-through gradient of [FakeQuant]:
//
//	dx[i] = dy[i]  where qmin ≤ rne(x[i]/s) + z ≤ qmax,  +0 elsewhere
//
// The mask looks at the rounded, unclipped integer and is recomputed from x, so
// that only x has to be kept from the forward pass. NaN blocks. dx may be dy.
func FakeQuantGrad(dx, dy, x []float32, to Grid) {
	checkLen("FakeQuantGrad", "dx", len(dx), len(x))
	checkLen("FakeQuantGrad", "dy", len(dy), len(x))
	l := newGrid("FakeQuantGrad", to).limits()
	if len(x) <= block {
		fakeQuantGradBlock(dx, dy, x, l)
		return
	}
	blocks(len(x), block, func(a, b int) { fakeQuantGradBlock(dx[a:b], dy[a:b], x[a:b], l) })
}
