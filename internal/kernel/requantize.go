package kernel

import "math"

// Requant converts an accumulator to the next layer's integers, in float32:
//
//	q = rne(clamp(float32(acc)·m[o], qmin − z, qmax − z)) + z
//
// with m[o] = float32(float32(s_x·s_w[o]) / s_y). It is the requantization of
// ONNX Runtime on x64 and of XNNPACK. The zero point is added after rounding.
type Requant struct {
	M    []float32 // one a channel
	Zero int32     // z
	Min  int32     // qmin
	Max  int32     // qmax
}

// RequantizeU8 is y[r,o] = r(acc[r,o]) over rows of len(r.M) channels.
func RequantizeU8(y []uint8, acc []int32, r Requant) {
	c := len(r.M)
	checkLen("RequantizeU8", "y", len(y), len(acc))
	if c == 0 || len(acc)%c != 0 {
		panic("kernel: RequantizeU8: accumulators are not whole rows of channels")
	}
	rowBlocks(len(acc)/c, c, func(lo, hi int) { requantizeRows(y[lo*c:hi*c], acc[lo*c:hi*c], r) })
}

// requantizeGeneric is the loop that every path of the requantization computes.
func requantizeGeneric(y []uint8, acc []int32, r Requant) {
	c, lo, hi := len(r.M), float32(r.Min-r.Zero), float32(r.Max-r.Zero)
	for i := 0; i < len(acc); i += c {
		for o, a := range acc[i : i+c] {
			v := min(max(float32(a)*r.M[o], lo), hi)
			y[i+o] = uint8(int32(math.RoundToEven(float64(v))) + r.Zero)
		}
	}
}
