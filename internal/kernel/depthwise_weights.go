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
				for k := range c {
					c[k] += x[k] * b[k]
				}
			}
		}
	}
}

// strips adds one image's part of a depthwise gradient. sum has a row of
// channels for each tap.
func (p *gradient) strips(sum, image, dy []float32) {
	l := stripGradient{
		ldc: p.g.C, b: dy, ldb: p.g.C, rs: p.g.DilationW * p.g.C, gs: p.g.DilationH * p.frame.row(),
		cs: p.g.StrideW * p.g.C, off: p.off, k: p.k, n: p.g.C,
	}
	if p.g.KH == 3 && p.g.KW == 3 {
		l.c, l.x = sum, image
		l.run(window3x3)
		return
	}
	for kh := range p.g.KH {
		for kw := 0; kw < p.g.KW; kw += 7 {
			l.c = sum[(kh*p.g.KW+kw)*p.g.C:]
			l.x = image[kh*l.gs+kw*l.rs:]
			l.run(min(7, p.g.KW-kw))
		}
	}
}
