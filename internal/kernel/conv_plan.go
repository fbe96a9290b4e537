package kernel

// A line is one dimension of a correlation: count outputs, written to from,
// from+by, …; each sees the input a step further than the one before.
type line struct {
	count, step int
	from, by    int
	taps        []tap
}

// A tap is a position k in a window and the input that it sees, relative to the
// output's position in the unpadded input, so it is often negative.
type tap struct{ k, at int }

// forwardLine is the line of y: output i sees inputs i·stride + k·dilation − pad.
func forwardLine(out, k, stride, dilation, pad int) []line {
	l := line{count: out, step: stride, by: 1}
	for i := range k {
		l.taps = append(l.taps, tap{i, i*dilation - pad})
	}
	return []line{l}
}

// backwardLines are the lines of dx. Input i was seen by the outputs o with
// o·stride + k·dilation − pad = i, so inputs i ≡ a mod stride share their
// taps: with i = a + t·stride the outputs t + (a+pad−k·dilation)/stride,
// where that is whole. Each a is a correlation of stride 1.
func backwardLines(in, k, stride, dilation, pad int) []line {
	var all []line
	for a := range min(stride, in) {
		l := line{count: (in - a + stride - 1) / stride, step: 1, from: a, by: stride}
		for i := k - 1; i >= 0; i-- {
			if d := a + pad - i*dilation; d%stride == 0 {
				l.taps = append(l.taps, tap{i, d / stride})
			}
		}
		all = append(all, l)
	}
	return all
}

// border returns how many zeros the lines read before and after n inputs.
func border(lines []line, n int) (before, after int) {
	for _, l := range lines {
		for _, t := range l.taps {
			before = max(before, -t.at)
			after = max(after, (l.count-1)*l.step+t.at-(n-1))
		}
	}
	return before, after
}

// A plan is how a convolution, forward or back to its input, becomes tiles.
type plan struct {
	g       Conv
	path    instructionSet
	frame   frame // of the tensor read
	written int   // elements of an image of the tensor written
	parts   []correlation
	packed  int // elements of all parts' weights
}

// forwardPlan reads x and writes y.
func forwardPlan(g Conv) plan {
	rows := forwardLine(g.OH(), g.KH, g.StrideH, g.DilationH, g.PadTop)
	cols := forwardLine(g.OW(), g.KW, g.StrideW, g.DilationW, g.PadLeft)
	p := plan{g: g, path: path, frame: frame{h: g.H, w: g.W, c: g.C}, written: g.OH() * g.OW() * g.O}
	in, area := g.C/g.Groups, g.KH*g.KW
	p.build(rows, cols, g.OW(), weights{inner: in, innerBy: area, n: g.O / g.Groups, by: in * area})
	return p
}

// backwardPlan reads dy and writes dx.
func backwardPlan(g Conv) plan {
	rows := backwardLines(g.H, g.KH, g.StrideH, g.DilationH, g.PadTop)
	cols := backwardLines(g.W, g.KW, g.StrideW, g.DilationW, g.PadLeft)
	p := plan{g: g, path: path, frame: frame{h: g.OH(), w: g.OW(), c: g.O}, written: g.H * g.W * g.C}
	in, area := g.C/g.Groups, g.KH*g.KW
	p.build(rows, cols, g.W, weights{inner: g.O / g.Groups, innerBy: in * area, n: in, by: area})
	return p
}

// build makes a correlation for each group, row line and column line. width is
// that of the tensor written.
func (p *plan) build(rows, cols []line, width int, w weights) {
	p.frame.top, p.frame.bottom = border(rows, p.frame.h)
	p.frame.left, p.frame.right = border(cols, p.frame.w)
	channels, groups := w.n*p.g.Groups, p.g.Groups
	if p.g.depthwise() {
		w.n, groups = channels, 1
	}
	for group := range groups {
		for _, r := range rows {
			for _, c := range cols {
				part := correlation{rows: r.count, cols: c.count, group: group, depthwise: p.g.depthwise(), weights: w}
				part.in = walk{group * w.inner, r.step * p.frame.row(), c.step * p.frame.c}
				part.out = walk{(r.from*width+c.from)*channels + group*w.n, r.by * width * channels, c.by * channels}
				part.weights.at = p.packed
				part.runs(p, r.taps, c.taps, group*w.inner*w.n*p.g.KH*p.g.KW)
				part.joinRows()
				p.packed += part.size()
				p.parts = append(p.parts, part)
			}
		}
	}
}

// runs finds what a window sees: one run of the input per tap or, if the taps
// of a row are adjacent, per row of taps. base is the group's first weight.
func (c *correlation) runs(p *plan, rows, cols []tap, base int) {
	together := c.inner == p.frame.c
	for i := 1; i < len(cols); i++ {
		together = together && cols[i].at == cols[i-1].at+1
	}
	c.k = c.inner
	if together {
		c.k *= len(cols)
	}
	for _, r := range rows {
		for i, t := range cols {
			c.taps = append(c.taps, base+r.k*p.g.KW+t.k)
			if i == 0 || !together {
				c.off = append(c.off, (p.frame.top+r.at)*p.frame.row()+(p.frame.left+t.at)*p.frame.c)
			}
		}
	}
}

// tasks is the greatest number of tasks into which the images of a batch are
// split.
const tasks = 16

// run computes all images; a task computes some consecutive ones.
func (p *plan) run(out, in, w, bias []float32, s *Scratch) {
	packed := grown(&s.buffers().packed, p.packed)
	panels := p.parts[0].panels()
	const packing = 32 // what an element costs, in multiply-adds
	parallelWork(packing*p.packed, len(p.parts)*panels, func(i int) {
		p.parts[i/panels].pack(packed, w, bias, i%panels)
	})
	count := min(tasks, p.g.N)
	framed := grown(&s.buffers().padded, count*p.frame.size())
	read := p.frame.h * p.frame.w * p.frame.c
	parallelWork(len(out)*len(w)/p.g.O, count, func(i int) {
		buf := framed[i*p.frame.size():]
		from, to := share(p.g.N, count, i)
		for n := from; n < to; n++ {
			image := p.frame.around(in[n*read:][:read], buf)
			for j := range p.parts {
				p.parts[j].run(out[n*p.written:][:p.written], image, packed, bias)
			}
		}
	})
}
