package kernel

// stripGradient is the gradient of some taps of a depthwise convolution,
//
//	C[i·ldc+j] += Σ_{q<len(off), p<k} X[off[q]+tap(i)+p·cs+j] · B[(q·k+p)·ldb+j]
//
// for j < n. Up to 7 taps are i·rs apart; 9 are the rows of a 3×3 window,
// which are gs apart.
type stripGradient struct {
	c, x, b    []float32
	ldc, ldb   int
	rs, gs, cs int
	off        []int // ascending
	k, n       int
}

// window3x3 is how many taps a 3×3 window has.
const window3x3 = 9

// run adds the gradients of m taps.
func (l *stripGradient) run(m int) {
	farthest := l.off[len(l.off)-1] + (l.k-1)*l.cs + l.n - 1
	if m == window3x3 {
		farthest += 2*l.gs + 2*l.rs
	} else {
		farthest += (m - 1) * l.rs
	}
	_ = l.x[l.off[0]]
	_ = l.x[farthest]
	_ = l.c[(m-1)*l.ldc+l.n-1]
	_ = l.b[(len(l.off)*l.k-1)*l.ldb+l.n-1]
	l.taps(m)
}

// tapsGeneric is the loop in Go, for the channels from j on.
func (l *stripGradient) tapsGeneric(j, m int) {
	for i := range m {
		tap := i * l.rs
		if m == window3x3 {
			tap = i/3*l.gs + i%3*l.rs
		}
		c := l.c[i*l.ldc:][j:l.n]
		for q, off := range l.off {
			for p := range l.k {
				x, b := l.x[off+tap+p*l.cs+j:][:len(c)], l.b[(q*l.k+p)*l.ldb+j:][:len(c)]
				addProducts(c, x, b)
			}
		}
	}
}

// addStrips adds the images' part to a depthwise gradient, which has a row of
// channels for each tap.
func (t *task) addStrips(first bool) {
	g, n := t.g, t.to-t.from
	if n == 0 {
		return
	}
	if first {
		for tap := range g.KH * g.KW {
			clear(t.sum[tap*g.C+t.from:][:n])
		}
	}
	sum, images := t.sum[t.from:], t.images[t.from:]
	l := stripGradient{
		ldc: g.C, b: t.grads[t.from:], ldb: g.C, rs: g.DilationW * g.C, gs: g.DilationH * t.frame.row(),
		cs: g.StrideW * g.C, off: t.lines(), k: t.k, n: n,
	}
	if g.KH == 3 && g.KW == 3 {
		l.c, l.x = sum, images
		l.run(window3x3)
		return
	}
	for kh := range g.KH {
		for kw := 0; kw < g.KW; kw += 7 {
			l.c = sum[(kh*g.KW+kw)*g.C:]
			l.x = images[kh*l.gs+kw*l.rs:]
			l.run(min(7, g.KW-kw))
		}
	}
}
