package kernel

// QuantizeU8 is q[i] = clip(rne(x[i]/s) + z, qmin, qmax), as [FakeQuant].
func QuantizeU8(q []uint8, x []float32, to Grid) {
	checkLen("QuantizeU8", "q", len(q), len(x))
	g := newGrid("QuantizeU8", to)
	blocks(len(x), block, func(a, b int) { quantizeBlock(q[a:b], x[a:b], g, to.Zero) })
}

// QuantizeI8 is [QuantizeU8] into signed bytes.
func QuantizeI8(q []int8, x []float32, to Grid) {
	checkLen("QuantizeI8", "q", len(q), len(x))
	g := newGrid("QuantizeI8", to)
	if len(x) <= block { // a channel of a weight: not worth a closure
		quantizeBlock(q, x, g, to.Zero)
		return
	}
	blocks(len(x), block, func(a, b int) { quantizeBlock(q[a:b], x[a:b], g, to.Zero) })
}

// DequantizeU8 is x[i] = s · (q[i] − z) in float32.
func DequantizeU8(x []float32, q []uint8, s float32, z int32) {
	checkLen("DequantizeU8", "q", len(q), len(x))
	blocks(len(x), block, func(a, b int) { dequantizeBlock(x[a:b], q[a:b], s, z) })
}
