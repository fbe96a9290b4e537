//go:build amd64 && !noasm

package kernel

import (
	"math"
	"unsafe"
)

//go:generate go -C _asm run ./elementwise -pkg kernel -out ../elementwise_amd64.s -stubs ../elementwise_stubs_amd64.go

// The AVX2 kernels take whole vectors of eight; eights is how many elements
// those hold. The Go loops do the rest.
func eights(n int) int { return n &^ 7 }

// finite reports whether all values were, from the sums of x·0.
func (l *lanes) finite() bool {
	for _, bits := range l.other {
		if sum := math.Float32frombits(bits); sum != sum {
			return false
		}
	}
	return true
}

func minMaxBlock(x []float32) span {
	n, l := len(x), new(lanes)
	l.clear()
	switch {
	case n == 0 || path == generic:
		return minMaxGeneric(x)
	case path == avx512:
		minMaxAVX512(&x[0], n, &l.lo[0])
	default:
		n = eights(n)
		minMaxAVX2(&x[0], n, &l.lo[0])
	}
	s := l.span()
	if !l.finite() {
		s = minMaxFinite(x[:n])
	}
	return s.merge(minMaxGeneric(x[n:]))
}

// minMaxFinite is minMaxGeneric for whole vectors with values that are not
// finite.
func minMaxFinite(x []float32) span {
	n, l := len(x), new(lanes)
	l.clear()
	if path == avx512 {
		minMaxFiniteAVX512(&x[0], n, &l.lo[0])
	} else {
		minMaxFiniteAVX2(&x[0], n, &l.lo[0])
	}
	return l.counted(n)
}

// division is a grid as the assembly divides by its scale, of bounds that are
// real numbers: with q = x·inverse,
//
//	x/s ≈ q + (x − q·s)·inverse
//
// in two fused multiply-adds, which rounds to the integer that the quotient rounds to. Only
// next to a tie could it not, and has been tried there: up to 255.5 with each of the 2²³
// significands of s, up to 65535.5 with those that put the quotient next to the middle
// between two float32.
type division struct {
	s, inverse, lo, hi float32
	z                  int32
}

// division also reports whether all of its numbers are in the range of float32.
func (g grid) division(z int32) (d division, ok bool) {
	ok = g.s >= 0x1p-64 && g.s <= 0x1p64
	return division{g.s, 1 / g.s, g.lo * g.s, g.hi * g.s, z}, ok
}

func fakeQuantBlock(y, x []float32, g grid) {
	n := len(x)
	d, ok := g.division(0)
	switch {
	case n == 0 || path == generic || !ok:
		fakeQuantGeneric(y, x, g)
	case path == avx512:
		fakeQuantAVX512(&y[0], &x[0], n, &d.s)
	default:
		m := eights(n)
		fakeQuantAVX2(&y[0], &x[0], m, &d.s)
		fakeQuantGeneric(y[m:], x[m:], g)
	}
}

func fakeQuantGradBlock(dx, dy, x []float32, l limits) {
	n := len(x)
	switch {
	case n == 0 || path == generic:
		fakeQuantGradGeneric(dx, dy, x, l)
	case path == avx512:
		fakeQuantGradAVX512(&dx[0], &dy[0], &x[0], n, &l.least)
	default:
		m := eights(n)
		fakeQuantGradAVX2(&dx[0], &dy[0], &x[0], m, &l.least)
		fakeQuantGradGeneric(dx[m:], dy[m:], x[m:], l)
	}
}

// quantizeBytes quantizes as many elements as the path handles, and returns
// their number.
func quantizeBytes(q *uint8, x []float32, g grid, z int32) int {
	n := len(x)
	d, ok := g.division(z)
	switch {
	case n == 0 || path == generic || !ok:
		return 0
	case path == avx512:
		quantizeAVX512(q, &x[0], n, &d.s)
		return n
	}
	quantizeAVX2(q, &x[0], eights(n), &d.s)
	return eights(n)
}

func quantizeBlock[Q Byte](q []Q, x []float32, g grid, z int32) {
	m := quantizeBytes(unsafe.SliceData(bytesOf(q)), x, g, z)
	quantizeGeneric(q[m:], x[m:], g, z)
}

func dequantizeBlock[Q Byte](x []float32, q []Q, s float32, z int32) {
	n := len(x)
	if path == avx2 {
		n = eights(n)
	}
	if n == 0 || path == generic {
		dequantizeGeneric(x, q, s, z)
		return
	}
	k := struct {
		s float32
		z int32
	}{s, z}
	from := &bytesOf(q)[0]
	switch signed := flipOf[Q]() != 0; {
	case path == avx512 && signed:
		dequantizeI8AVX512(&x[0], from, n, &k.s)
	case path == avx512:
		dequantizeU8AVX512(&x[0], from, n, &k.s)
	case signed:
		dequantizeI8AVX2(&x[0], from, n, &k.s)
	default:
		dequantizeU8AVX2(&x[0], from, n, &k.s)
	}
	dequantizeGeneric(x[n:], q[n:], s, z)
}

func reluBlock(y, x []float32, ceiling float32) {
	n := len(x)
	switch {
	case n == 0 || path == generic:
		reluGeneric(y, x, ceiling)
	case path == avx512:
		reluAVX512(&y[0], &x[0], n, &ceiling)
	default:
		m := eights(n)
		reluAVX2(&y[0], &x[0], m, &ceiling)
		reluGeneric(y[m:], x[m:], ceiling)
	}
}

func addBlock(y, a, b []float32) {
	n := len(y)
	switch {
	case n == 0 || path == generic:
		addGeneric(y, a, b)
	case path == avx512:
		addAVX512(&y[0], &a[0], &b[0], n, nil)
	default:
		m := eights(n)
		addAVX2(&y[0], &a[0], &b[0], m, nil)
		addGeneric(y[m:], a[m:], b[m:])
	}
}

func addReLUBlock(y, a, b []float32, ceiling float32) {
	n := len(y)
	switch {
	case n == 0 || path == generic:
		addReLUGeneric(y, a, b, ceiling)
	case path == avx512:
		addReLUAVX512(&y[0], &a[0], &b[0], n, &ceiling)
	default:
		m := eights(n)
		addReLUAVX2(&y[0], &a[0], &b[0], m, &ceiling)
		addReLUGeneric(y[m:], a[m:], b[m:], ceiling)
	}
}

func reluGradBlock(dx, dy, x []float32, ceiling float32) {
	n := len(x)
	switch {
	case n == 0 || path == generic:
		reluGradGeneric(dx, dy, x, ceiling)
	case path == avx512:
		reluGradAVX512(&dx[0], &dy[0], &x[0], n, &ceiling)
	default:
		m := eights(n)
		reluGradAVX2(&dx[0], &dy[0], &x[0], m, &ceiling)
		reluGradGeneric(dx[m:], dy[m:], x[m:], ceiling)
	}
}

func adamBlock(w, m, v, g []float32, k *adamStep) {
	n := len(w)
	switch {
	case n == 0 || path == generic:
		adamGeneric(w, m, v, g, k)
	case path == avx512:
		adamAVX512(&w[0], &m[0], &v[0], &g[0], n, &k.step)
	default:
		e := eights(n)
		adamAVX2(&w[0], &m[0], &v[0], &g[0], e, &k.step)
		adamGeneric(w[e:], m[e:], v[e:], g[e:], k)
	}
}

func sgdBlock(w, m, g []float32, k SGDStep) {
	n := len(w)
	e := eights(n)
	switch {
	case n == 0 || path == generic:
		e = 0
	case path == avx512 && k.Nesterov:
		nesterovAVX512(&w[0], &m[0], &g[0], n, &k.LR)
		return
	case path == avx512:
		sgdAVX512(&w[0], &m[0], &g[0], n, &k.LR)
		return
	case k.Nesterov:
		nesterovAVX2(&w[0], &m[0], &g[0], e, &k.LR)
	default:
		sgdAVX2(&w[0], &m[0], &g[0], e, &k.LR)
	}
	sgdGeneric(w[e:], m[e:], g[e:], k)
}
