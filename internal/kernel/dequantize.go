package kernel

// DequantizeRows is [DequantizeU8] of the rows of a matrix of either sign, each with a scale and a zero point of its own; z may be nil, for zeros:
//
//	x[r,i] = s[r]·(q[r,i] − z[r])
//
// It runs on the caller's goroutine alone and allocates nothing.
func DequantizeRows[Q Byte](x []float32, q []Q, s []float32, z []int32) {
	checkLen("DequantizeRows", "q", len(q), len(x))
	if z != nil {
		checkLen("DequantizeRows", "z", len(z), len(s))
	}
	if len(s) == 0 || len(x)%len(s) != 0 {
		panic("kernel: DequantizeRows: no whole rows")
	}
	cols := len(x) / len(s)
	for r, scale := range s {
		var zero int32
		if z != nil {
			zero = z[r]
		}
		dequantizeBlock(x[r*cols:(r+1)*cols], q[r*cols:(r+1)*cols], scale, zero)
	}
}
