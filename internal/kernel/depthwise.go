package kernel

// depthwise reports whether every channel has one filter of its own. With
// several filters per channel, a convolution is treated like any with groups.
func (g Conv) depthwise() bool { return g.Groups == g.C && g.O == g.C && g.C > 1 }

// A strip is a row of outputs of a depthwise convolution, channels side by side:
//
//	C[i·ldc+j] = W[j] + Σ_{q<len(off)} X[off[q]+i·rs+j] · W[(q+1)·ldw+j]
//
// for j < n. The first row of W is the bias, each other row a tap, padded to a
// multiple of 16 channels.
type strip struct {
	c, x, w      []float32
	ldc, rs, ldw int
	off          []int // ascending
	n            int
}

// run computes m outputs.
func (l *strip) run(m int) {
	last := len(l.off) - 1
	_ = l.c[(m-1)*l.ldc+l.n-1]
	_ = l.x[l.off[0]]
	_ = l.x[l.off[last]+(m-1)*l.rs+l.n-1]
	_ = l.w[(len(l.off)+1)*l.ldw-1]
	l.pixels(m)
}

// pixelsGeneric is the loop in Go, for the channels from j on.
func (l *strip) pixelsGeneric(j, m int) {
	for i := range m {
		c := l.c[i*l.ldc:][j:l.n]
		copy(c, l.w[j:])
		for q, off := range l.off {
			x, w := l.x[off+i*l.rs+j:][:len(c)], l.w[(q+1)*l.ldw+j:][:len(c)]
			addProducts(c, x, w)
		}
	}
}

// packStrips writes the bias, or zeros, and a row of each tap's weights.
func (c *correlation) packStrips(dst, src, bias []float32) {
	width := roundUp(c.n, quantum)
	clear(dst)
	copy(dst, bias)
	for t, tap := range c.taps {
		row := dst[(t+1)*width:][:c.n]
		for j := range row {
			row[j] = src[tap+j*c.by]
		}
	}
}

// runStrips computes a depthwise correlation of one image, framed in in.
func (c *correlation) runStrips(out, in, packed []float32) {
	l := strip{w: packed, ldw: roundUp(c.n, quantum), ldc: c.out.col, rs: c.in.col, off: c.off, n: c.n}
	for r := range c.rows {
		l.x = in[c.in.first+r*c.in.row:]
		l.c = out[c.out.first+r*c.out.row:]
		l.run(c.cols)
	}
}
