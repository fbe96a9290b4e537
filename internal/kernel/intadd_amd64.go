//go:build amd64 && !noasm

package kernel

// addBytesBlock gives the assembly the elements that it can handle, and Go the
// rest.
func addBytesBlock(y, a, b []uint8, k Sum) {
	n := len(y)
	if path == avx2 {
		n = eights(n)
	}
	if n == 0 || path == generic {
		addBytesGeneric(y, a, b, k)
		return
	}
	bounds := [5]float32{k.A, k.B, k.Fixed, float32(k.Min), float32(k.Max)}
	if path == avx512 {
		addU8AVX512(&y[0], &a[0], &b[0], &bounds[0], n)
	} else {
		addU8AVX2(&y[0], &a[0], &b[0], &bounds[0], n)
	}
	addBytesGeneric(y[n:], a[n:], b[n:], k)
}

func sumPixels(acc []int32, x []uint8) {
	c := len(acc)
	switch columnPath(len(x), c) {
	case avx512:
		sumU8AVX512(&acc[0], &x[0], len(x)/c, c)
	case avx2:
		sumU8AVX2(&acc[0], &x[0], len(x)/c, c)
	default:
		sumPixelsGeneric(acc, x)
	}
}
