package kernel

// maxPartial bounds the partial sums of a gradient, in elements.
const maxPartial = 1 << 19

// ConvBackwardWeights computes dw = ∂L/∂w from dy = ∂L/∂y.
//
// The batch is cut into slices. Each adds up its images' gradients, as the
// product of the transposed pixels of x, seen through one row of the window,
// with those of dy; then the slices are added in their order.
func ConvBackwardWeights(dw, x, dy []float32, g Conv, s *Scratch) {
	g.check("ConvBackwardWeights", dy, x, dw)
	if s.gradient.g != g || s.gradient.path != path {
		s.gradient = newGradient(g)
	}
	s.gradient.run(dw, x, dy, s)
}

// A gradient is how the gradient of a convolution's weights becomes tiles.
//
// Its result for one slice is, for each group, a matrix of KH·KW·I rows and
// O/G columns. rows of them see pixels that follow each other: a run.
type gradient struct {
	g      Conv
	path   instructionSet
	frame  frame
	runs   []int // where each run of rows starts in the framed image
	rows   int   // rows of a run
	off    []int // where each row of pixels starts
	k      int   // pixels in a row
	slices int
	units  int // groups times panels of dy
}

func newGradient(g Conv) gradient {
	rows := forwardLine(g.OH(), g.KH, g.StrideH, g.DilationH, g.PadTop)
	cols := forwardLine(g.OW(), g.KW, g.StrideW, g.DilationW, g.PadLeft)
	p := gradient{g: g, path: path, frame: frame{h: g.H, w: g.W, c: g.C}}
	p.frame.top, p.frame.bottom = border(rows, g.H)
	p.frame.left, p.frame.right = border(cols, g.W)
	// The window's places are its runs and their length, as in a correlation.
	c := correlation{weights: weights{inner: g.C / g.Groups}}
	c.runs(&plan{g: g, frame: p.frame}, rows[0].taps, cols[0].taps, 0)
	p.runs, p.rows = c.off, c.k
	p.k = g.OW()
	for i := range g.OH() {
		p.off = append(p.off, i*g.StrideH*p.frame.row())
	}
	if g.StrideH*p.frame.row() == g.OW()*g.StrideW*g.C {
		p.off, p.k = p.off[:1], g.OH()*g.OW()
	}
	p.slices = max(1, min(g.N, 8, maxPartial/p.size()))
	p.units = 1
	if !g.depthwise() {
		p.units = g.Groups * layouts[path].panels(g.O/g.Groups)
	}
	return p
}

// size returns how many elements the result has.
func (p *gradient) size() int { return p.g.O * p.g.C / p.g.Groups * p.g.KH * p.g.KW }

func (p *gradient) run(dw, x, dy []float32, s *Scratch) {
	partial := grown(&s.partial, p.slices*p.size())
	count, each := p.slices, p.units
	if p.slices < 8 { // too few to occupy many cores: split the columns as well
		count, each = p.slices*p.units, 1
	}
	pixels, read := p.g.OH()*p.g.OW(), p.g.H*p.g.W*p.g.C
	room := pixels * layouts[path].columns
	framed, packed := grown(&s.padded, count*p.frame.size()), grown(&s.packed, count*room)
	parallelWork(pixels*p.g.N*p.size(), count, func(i int) {
		slice, unit := i*each/p.units, i*each%p.units
		sum := partial[slice*p.size():][:p.size()]
		from, to := share(p.g.N, p.slices, slice)
		for n := from; n < to; n++ {
			image := p.frame.around(x[n*read:][:read], framed[i*p.frame.size():])
			out := dy[n*pixels*p.g.O:][:pixels*p.g.O]
			if p.g.depthwise() {
				if n == from {
					clear(sum)
				}
				p.strips(sum, image, out)
				continue
			}
			for u := unit; u < unit+each; u++ {
				p.unit(sum, image, out, packed[i*room:], u, n == from)
			}
		}
	})
	p.reduce(dw, partial)
}

// unit adds one image's part to one panel of one group's columns.
func (p *gradient) unit(sum, image, dy, packed []float32, unit int, first bool) {
	l := layouts[path]
	n := p.g.O / p.g.Groups
	group, j := unit/l.panels(n), unit%l.panels(n)
	column, width := l.panel(n, j)
	t := tile{rs: 1, cs: p.g.StrideW * p.g.C, off: p.off, k: p.k, n: min(width, n-column), ldc: n, ldi: n}
	t.b, t.ldb = dy, n
	if p.g.O != width {
		t.b, t.ldb = packed, width
		packColumns(packed, dy[group*n+column:], len(p.off)*p.k, p.g.O, t.n, width)
	}
	for r, run := range p.runs {
		t.a = image[group*(p.g.C/p.g.Groups)+run:]
		t.c = sum[(group*len(p.runs)+r)*p.rows*n+column:]
		t.init = t.c
		if first {
			t.init, t.ldi = zeros[:], 0
		}
		t.run(p.rows)
	}
}

// packColumns copies n columns of rows that are ld apart into rows of width,
// padded with zeros.
func packColumns(dst, src []float32, rows, ld, n, width int) {
	for i := range rows {
		row := dst[i*width:][:width]
		copy(row, src[i*ld:][:n])
		clear(row[n:])
	}
}

// reduce adds the slices, and writes them in the order O I KH KW.
func (p *gradient) reduce(dw, partial []float32) {
	groups, n, in, area := p.g.Groups, p.g.O/p.g.Groups, p.g.C/p.g.Groups, p.g.KH*p.g.KW
	if p.g.depthwise() {
		groups, n = 1, p.g.O
	}
	rows := area * in
	count := min(tasks, groups*rows)
	parallelWork(p.slices*p.size(), count, func(i int) {
		from, to := share(groups*rows, count, i)
		for r := from; r < to; r++ {
			sum := partial[r*n:][:n]
			for s := 1; s < p.slices; s++ {
				for j, v := range partial[s*p.size()+r*n:][:n] {
					sum[j] += v
				}
			}
			group, tap, c := r/rows, r%rows/in, r%in
			for j, v := range sum {
				dw[((group*n+j)*in+c)*area+tap] = v
			}
		}
	})
}
