//go:build amd64 && !noasm

package kernel

// addBytesBlock gives the assembly the elements that it takes, and Go the rest.
func addBytesBlock[Y, A, B Byte](y []Y, a []A, b []B, k Sum) {
	n := len(y)
	if path == avx2 {
		n = eights(n)
	}
	if n == 0 || path == generic {
		addBytesGeneric(y, a, b, k)
		return
	}
	bounds := [5]float32{k.A, k.B, k.Fixed, float32(k.Min), float32(k.Max)}
	to, p, q, at := &bytesOf(y)[0], &bytesOf(a)[0], &bytesOf(b)[0], &bounds[0]
	type signs struct{ a, b bool }
	switch is := (signs{flipOf[A]() != 0, flipOf[B]() != 0}); {
	case path == avx512 && is == signs{false, false}:
		addUUAVX512(to, p, q, at, n)
	case path == avx512 && is == signs{false, true}:
		addUIAVX512(to, p, q, at, n)
	case path == avx512 && is == signs{true, false}:
		addIUAVX512(to, p, q, at, n)
	case path == avx512:
		addIIAVX512(to, p, q, at, n)
	case is == signs{false, false}:
		addUUAVX2(to, p, q, at, n)
	case is == signs{false, true}:
		addUIAVX2(to, p, q, at, n)
	case is == signs{true, false}:
		addIUAVX2(to, p, q, at, n)
	default:
		addIIAVX2(to, p, q, at, n)
	}
	addBytesGeneric(y[n:], a[n:], b[n:], k)
}

func sumPixels[X Byte](acc []int32, x []X) {
	c := len(acc)
	set := columnPath(len(x), c)
	if set == generic {
		sumPixelsGeneric(acc, x)
		return
	}
	from, pixels := &bytesOf(x)[0], len(x)/c
	switch signed := flipOf[X]() != 0; {
	case set == avx512 && signed:
		sumI8AVX512(&acc[0], from, pixels, c)
	case set == avx512:
		sumU8AVX512(&acc[0], from, pixels, c)
	case signed:
		sumI8AVX2(&acc[0], from, pixels, c)
	default:
		sumU8AVX2(&acc[0], from, pixels, c)
	}
}
