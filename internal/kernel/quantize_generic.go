package kernel

// quantizeGeneric is the loop that every path of [QuantizeU8] and
// [QuantizeI8] computes.
func quantizeGeneric[Q Byte](q []Q, x []float32, g grid, z int32) {
	for i, r := range x {
		q[i] = Q(int32(g.steps(r)) + z)
	}
}

// dequantizeGeneric is the loop of [DequantizeU8] and [DequantizeRows].
func dequantizeGeneric[Q Byte](x []float32, q []Q, s float32, z int32) {
	for i, n := range q {
		x[i] = float32(int32(n)-z) * s
	}
}
