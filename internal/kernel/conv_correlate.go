package kernel

// A correlation is the sum that both directions of a convolution compute,
//
//	out[r,c,j] = bias[j] + Σ_{q, p<k} in[r,c; off[q]+p] · B[q·k+p, j]
//
// over a rows×cols grid of outputs, where in[r,c; ·] is the input starting at
// the position of output (r,c), and B the weights in the order of the runs.
type correlation struct {
	group      int
	rows, cols int
	in, out    walk
	off        []int // where the runs start
	k          int   // their length
	depthwise  bool  // every column sees its own channel alone
	weights
}

// A walk gives the index of the element of output (r,c): first + r·row + c·col.
type walk struct{ first, row, col int }

// weights says where B's elements are: row t·inner+i and column j of B is
// w[taps[t] + i·innerBy + j·by].
type weights struct {
	taps           []int
	inner, innerBy int
	n, by          int
	at             int // where B starts among the packed weights
}

// size returns how many elements the packed weights have.
func (c *correlation) size() int {
	if c.depthwise {
		return (len(c.taps) + 1) * roundUp(c.n, quantum)
	}
	return len(c.taps) * c.inner * roundUp(c.n, quantum)
}

// panels returns the number of panels of weights. A depthwise sum has one,
// whose first row is the bias.
func (c *correlation) panels() int {
	if c.depthwise {
		return 1
	}
	return layouts[path].panels(c.n)
}

// pack writes panel j of the weights where run reads it.
func (c *correlation) pack(packed, src, bias []float32, j int) {
	dst := packed[c.at:][:c.size()]
	if c.depthwise {
		c.packStrips(dst, src, bias)
		return
	}
	c.packPanel(dst, src, j)
}

// packPanel writes panel j of B, padded with zeros.
func (w weights) packPanel(dst, src []float32, j int) {
	column, width := layouts[path].panel(w.n, j)
	used := min(width, w.n-column)
	dst = dst[column*len(w.taps)*w.inner:]
	for _, tap := range w.taps {
		for i := range w.inner {
			from := src[tap+i*w.innerBy+column*w.by:]
			if w.by == 1 {
				copy(dst, from[:used])
			} else {
				for c := range used {
					dst[c] = from[c*w.by]
				}
			}
			clear(dst[used:width])
			dst = dst[width:]
		}
	}
}

// joinRows joins rows that are consecutive in input and output, such as those
// of a 1×1 window, into one.
func (c *correlation) joinRows() {
	if c.in.row == c.cols*c.in.col && c.out.row == c.cols*c.out.col {
		c.rows, c.cols = 1, c.rows*c.cols
	}
}

// run computes the correlation of one image, framed in in. bias is that of all
// groups, or nil.
func (c *correlation) run(out, in, packed, bias []float32) {
	packed = packed[c.at:][:c.size()]
	switch {
	case len(c.off) == 0:
		c.clear(out)
	case c.depthwise:
		c.runStrips(out, in, packed)
	default:
		c.runTiles(out, in, packed, bias)
	}
}

func (c *correlation) runTiles(out, in, packed, bias []float32) {
	l := layouts[path]
	t := tile{ldc: c.out.col, rs: c.in.col, cs: 1, off: c.off, k: c.k, plus: zeros[:]}
	for j := range c.panels() {
		column, width := l.panel(c.n, j)
		t.n, t.ldb = min(width, c.n-column), width
		t.b = packed[column*c.inner*len(c.taps):]
		if bias != nil {
			t.plus = bias[c.group*c.n+column:]
		}
		for r := range c.rows {
			t.a = in[c.in.first+r*c.in.row:]
			t.c = out[c.out.first+r*c.out.row+column:]
			t.run(c.cols)
		}
	}
}

// clear writes zeros: the gradient of inputs that no window reads.
func (c *correlation) clear(out []float32) {
	for r := range c.rows {
		for i := range c.cols {
			clear(out[c.out.first+r*c.out.row+i*c.out.col:][:c.n])
		}
	}
}
