package kernel

import "math"

// Sum is the constants of [AddBytes]. For y with scale s_y and zero point z_y,
// the sum of a and b:
//
//	A = float32(s_a/s_y)    B = float32(s_b/s_y)
//	Fixed = float32(z_y − float32(float32(A·z_a) + float32(B·z_b)))
type Sum struct {
	A, B, Fixed float32
	Min, Max    int32 // qmin, qmax
}

// AddBytes is the sum of two quantized tensors, requantized:
//
//	y[i] = clip(rne(a[i]·A + (b[i]·B + Fixed)), qmin, qmax)
//
// in float32, with both multiply-adds fused (rounded once): the arithmetic of
// ONNX Runtime's QLinearAdd on x64. y may be a or b.
func AddBytes(y, a, b []uint8, k Sum) {
	checkLen("AddBytes", "y", len(y), len(a))
	checkLen("AddBytes", "b", len(b), len(a))
	blocks(len(a), block, func(lo, hi int) { addBytesBlock(y[lo:hi], a[lo:hi], b[lo:hi], k) })
}

// addBytesGeneric is the loop that every path of [AddBytes] computes.
func addBytesGeneric(y, a, b []uint8, k Sum) {
	for i := range y {
		v := FMA(float32(a[i]), k.A, FMA(float32(b[i]), k.B, k.Fixed))
		v = min(max(v, float32(k.Min)), float32(k.Max))
		y[i] = uint8(math.RoundToEven(float64(v)))
	}
}

// SumPixels is the sum over the pixels of each of n images, the integer half
// of a global average pool:
//
//	acc[n,c] = Σ over p < pixels of (x[n,p,c] − z)
func SumPixels(acc []int32, x []uint8, z int32, n, pixels, c int) {
	checkLen("SumPixels", "acc", len(acc), n*c)
	checkLen("SumPixels", "x", len(x), n*pixels*c)
	size := pixels * c
	rowBlocks(n, size, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			out := acc[i*c : (i+1)*c]
			sumPixels(out, x[i*size:(i+1)*size])
			for j := range out {
				out[j] -= int32(pixels) * z
			}
		}
	})
}

// sumPixelsGeneric is acc[j] = Σ x[p,j].
func sumPixelsGeneric(acc []int32, x []uint8) {
	clear(acc)
	for i := 0; i < len(x); i += len(acc) {
		for j, v := range x[i : i+len(acc)] {
			acc[j] += int32(v)
		}
	}
}
