//go:build arm64 && !noasm

package kernel

import "unsafe"

// sixteens is how many of n elements the assembly takes, 16 at a time. The Go
// loops do the rest.
func sixteens(n int) int {
	if path == generic {
		return 0
	}
	return n &^ 15
}

func minMaxBlock(x []float32) span {
	n := sixteens(len(x))
	if n == 0 {
		return minMaxGeneric(x)
	}
	l := new(lanes)
	l.clear()
	minMaxNEON(&x[0], n, &l.lo[0])
	return l.counted(n).merge(minMaxGeneric(x[n:]))
}

func fakeQuantBlock(y, x []float32, g grid) {
	n := sixteens(len(x))
	if n > 0 {
		fakeQuantNEON(&y[0], &x[0], n, &g.s)
	}
	fakeQuantGeneric(y[n:], x[n:], g)
}

func fakeQuantGradBlock(dx, dy, x []float32, l limits) {
	n := sixteens(len(x))
	if n > 0 {
		fakeQuantGradNEON(&dx[0], &dy[0], &x[0], n, &l.least)
	}
	fakeQuantGradGeneric(dx[n:], dy[n:], x[n:], l)
}

// gridZero is a grid with its zero point.
type gridZero struct {
	grid
	z int32
}

func quantizeBlock[Q Byte](q []Q, x []float32, g grid, z int32) {
	n := sixteens(len(x))
	if n > 0 {
		k := gridZero{g, z}
		quantizeNEON(unsafe.SliceData(bytesOf(q)), &x[0], n, &k.s)
	}
	quantizeGeneric(q[n:], x[n:], g, z)
}

func dequantizeBlock[Q Byte](x []float32, q []Q, s float32, z int32) {
	n := sixteens(len(x))
	if n > 0 {
		k := struct {
			s float32
			z int32
		}{s, z}
		bytes := unsafe.SliceData(bytesOf(q))
		if flipOf[Q]() == 0 {
			dequantizeU8NEON(&x[0], bytes, n, &k.s)
		} else {
			dequantizeI8NEON(&x[0], bytes, n, &k.s)
		}
	}
	dequantizeGeneric(x[n:], q[n:], s, z)
}

func reluBlock(y, x []float32, ceiling float32) {
	n := sixteens(len(x))
	if n > 0 {
		reluNEON(&y[0], &x[0], n, &ceiling)
	}
	reluGeneric(y[n:], x[n:], ceiling)
}

func addBlock(y, a, b []float32) {
	n := sixteens(len(y))
	if n > 0 {
		addNEON(&y[0], &a[0], &b[0], n, nil)
	}
	addGeneric(y[n:], a[n:], b[n:])
}

func addReLUBlock(y, a, b []float32, ceiling float32) {
	n := sixteens(len(y))
	if n > 0 {
		addReLUNEON(&y[0], &a[0], &b[0], n, &ceiling)
	}
	addReLUGeneric(y[n:], a[n:], b[n:], ceiling)
}

func reluGradBlock(dx, dy, x []float32, ceiling float32) {
	n := sixteens(len(x))
	if n > 0 {
		reluGradNEON(&dx[0], &dy[0], &x[0], n, &ceiling)
	}
	reluGradGeneric(dx[n:], dy[n:], x[n:], ceiling)
}

func adamBlock(w, m, v, g []float32, k *adamStep) {
	n := sixteens(len(w))
	if n > 0 {
		adamNEON(&w[0], &m[0], &v[0], &g[0], n, &k.step)
	}
	adamGeneric(w[n:], m[n:], v[n:], g[n:], k)
}

func sgdBlock(w, m, g []float32, k SGDStep) {
	n := sixteens(len(w))
	switch {
	case n == 0:
	case k.Nesterov:
		nesterovNEON(&w[0], &m[0], &g[0], n, &k.LR)
	default:
		sgdNEON(&w[0], &m[0], &g[0], n, &k.LR)
	}
	sgdGeneric(w[n:], m[n:], g[n:], k)
}

func addBytesBlock(y, a, b []uint8, k Sum) {
	n := sixteens(len(y))
	if n > 0 {
		bounds := [5]float32{k.A, k.B, k.Fixed, float32(k.Min), float32(k.Max)}
		addU8NEON(&y[0], &a[0], &b[0], n, &bounds[0])
	}
	addBytesGeneric(y[n:], a[n:], b[n:], k)
}
