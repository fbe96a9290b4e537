package kernel

import "runtime"

const (
	// maxSlices bounds the slices of a batch, maxPartial their sums in
	// elements: adding the slices must not cost more than their parallelism
	// saves.
	maxSlices, maxPartial = 8, 1 << 19

	// minPixels is the least number of pixels of a slice, and of a sum before
	// it is stored, if the batch has as many.
	minPixels = 256

	// minCut is the least number of rows or channels of a task.
	minCut = 16
)

// ConvBackwardWeights computes dw = ∂L/∂w from dy = ∂L/∂y.
//
// The batch is cut into slices. Each adds up its images' gradients, as the
// product of the transposed pixels of x, seen through one row of the window,
// with those of dy; then the slices are added in order.
func ConvBackwardWeights(dw, x, dy []float32, g Conv, s *Scratch) {
	g.check("ConvBackwardWeights", dy, x, dw)
	if s.gradient.g != g || s.gradient.path != path {
		s.gradient = newGradient(g)
	}
	s.gradient.run(dw, x, dy, s)
}

// A gradient is how the gradient of a convolution's weights becomes tiles.
//
// Its result for one slice is, for each group, a matrix of KH·KW·I rows and O/G
// columns. rows of them, a run, see consecutive pixels.
type gradient struct {
	g      Conv
	path   instructionSet
	frame  frame
	runs   []int // where each run of rows starts in the framed image
	rows   int   // rows of a run
	off    []int // where each row of pixels starts, of all images at hand
	k      int   // pixels in a row
	hand   int   // how many images are at hand together
	slices int
	units  int // groups times panels of dy
}

func newGradient(g Conv) gradient {
	rows := forwardLine(g.OH(), g.KH, g.StrideH, g.DilationH, g.PadTop)
	cols := forwardLine(g.OW(), g.KW, g.StrideW, g.DilationW, g.PadLeft)
	p := gradient{g: g, path: path, frame: frame{h: g.H, w: g.W, c: g.C}, units: 1}
	p.frame.top, p.frame.bottom = border(rows, g.H)
	p.frame.left, p.frame.right = border(cols, g.W)
	// The window's positions are its runs and their length, as in a
	// correlation.
	c := correlation{weights: weights{inner: g.C / g.Groups}}
	c.runs(&plan{g: g, frame: p.frame}, rows[0].taps, cols[0].taps, 0)
	p.runs, p.rows = c.off, c.k
	if !g.depthwise() {
		p.units = g.Groups * layouts[path].panels(g.O/g.Groups)
	}
	p.slices = max(1, min(g.N, maxSlices, maxPartial/p.size(), g.N*p.pixels()/minPixels))
	p.hand = max(1, min(g.N/p.slices, minPixels/p.pixels()))
	p.findLines()
	return p
}

// findLines finds the rows of pixels: one long row if they are consecutive.
func (p *gradient) findLines() {
	row := p.g.StrideH * p.frame.row()
	p.k = p.g.OW()
	count := p.g.OH()
	if row == p.k*p.g.StrideW*p.g.C {
		p.k, count = p.k*count, 1
	}
	for image := range p.hand {
		for i := range count {
			p.off = append(p.off, image*p.frame.size()+i*row)
		}
	}
}

// size returns how many elements the result has.
func (p *gradient) size() int { return p.g.O * p.g.C / p.g.Groups * p.g.KH * p.g.KW }

func (p *gradient) pixels() int { return p.g.OH() * p.g.OW() }

// run gives each task a slice, or units of one if slices are few or processors many,
// or, if those are too few, a part of a unit's rows or of a depthwise gradient's
// channels. How the work is shared does not change a sum.
func (p *gradient) run(dw, x, dy []float32, s *Scratch) {
	partial := grown(&s.buffers().partial, p.slices*p.size())
	processors := runtime.GOMAXPROCS(0)
	count, each, cuts := p.slices, p.units, 1
	if p.slices < maxSlices || processors > maxSlices {
		count, each = p.slices*p.units, 1
	}
	if processors > maxSlices {
		cuts = max(1, min(2*processors/count, p.length()/minCut))
	}
	count *= cuts
	shared := p.frameAll(x, cuts > 1, s)
	own := p.hand * p.frame.size()
	var framed []float32
	if shared == nil {
		framed = grown(&s.buffers().padded, count*own)
	}
	room := p.hand * p.pixels() * layouts[path].columns
	packed := grown(&s.buffers().packed, count*room)
	parallelWork(p.pixels()*p.g.N*p.size(), count, func(i int) {
		part, cut := i/cuts, i%cuts
		slice, unit := part*each/p.units, part*each%p.units
		t := task{gradient: p, x: x, dy: dy, shared: shared, packed: packed[i*room:][:room]}
		if shared == nil {
			t.framed = framed[i*own:][:own]
		}
		t.from, t.to = share(p.length(), cuts, cut)
		t.sum = partial[slice*p.size():][:p.size()]
		from, to := share(p.g.N, p.slices, slice)
		for n := from; n < to; n += p.hand {
			t.take(n, min(p.hand, to-n))
			for u := unit; u < unit+each; u++ {
				t.add(u, n == from)
			}
		}
	})
	p.reduce(dw, partial)
}

// length is what a unit's tasks share: its rows, or the channels of a depthwise gradient.
func (p *gradient) length() int {
	if p.g.depthwise() {
		return p.g.C
	}
	return len(p.runs) * p.rows
}

// frameAll frames the whole batch, if several tasks will look at each image.
func (p *gradient) frameAll(x []float32, wanted bool, s *Scratch) []float32 {
	if !wanted || p.frame.bare() {
		return nil
	}
	size, in := p.frame.size(), p.g.H*p.g.W*p.g.C
	framed := grown(&s.buffers().padded, p.g.N*size)
	Parallel(p.g.N, func(n int) { p.frame.around(x[n*in:][:in], framed[n*size:]) })
	return framed
}

// A task is a gradient at work on one slice, a few images at a time.
type task struct {
	*gradient
	sum            []float32 // the slice's
	from, to       int       // its part of each unit, see length
	x, dy          []float32 // the batch
	shared         []float32 // the batch, framed, or nil
	framed, packed []float32 // room
	images, grads  []float32 // at hand: images of x, framed, and their part of dy
	count          int       // their number
}

// take takes count images, starting with n.
func (t *task) take(n, count int) {
	in, out := t.g.H*t.g.W*t.g.C, t.pixels()*t.g.O
	t.grads, t.count = t.dy[n*out:][:count*out], count
	if t.frame.bare() {
		t.images = t.x[n*in:][:count*in]
		return
	}
	if size := t.frame.size(); t.shared != nil {
		t.images = t.shared[n*size:][:count*size]
		return
	}
	for i := range count {
		t.frame.around(t.x[(n+i)*in:][:in], t.framed[i*t.frame.size():])
	}
	t.images = t.framed
}

// lines returns the rows of pixels of the images at hand.
func (t *task) lines() []int { return t.off[:len(t.off)/t.hand*t.count] }

// add adds the images' part to one unit of the slice's sum, or makes it the
// sum if it is the first.
func (t *task) add(unit int, first bool) {
	if t.g.depthwise() {
		t.addStrips(first)
		return
	}
	l, n := layouts[path], t.g.O/t.g.Groups
	group, j := unit/l.panels(n), unit%l.panels(n)
	column, width := l.panel(n, j)
	b := tile{rs: 1, cs: t.g.StrideW * t.g.C, off: t.lines(), k: t.k, b: t.grads[group*n:], ldb: t.g.O,
		n: min(width, n-column), ldc: n, ldp: n}
	if n != width {
		b.b, b.ldb = t.packed, width
		packColumns(t.packed, t.grads[group*n+column:], t.count*t.pixels(), t.g.O, b.n, width)
	}
	for r, run := range t.runs {
		from, to := max(t.from, r*t.rows), min(t.to, (r+1)*t.rows)
		if from >= to {
			continue
		}
		b.a = t.images[group*(t.g.C/t.g.Groups)+run+from-r*t.rows:]
		b.c = t.sum[(group*t.length()+from)*n+column:]
		b.plus = b.c
		if first {
			b.plus, b.ldp = zeros[:], 0
		}
		b.run(to - from)
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

// reduce adds the slices, and writes them in the order O I KH KW. It takes blocks of at
// most 32 outputs and as many input channels as fill a line of memory: so processors write
// into the same line at the blocks' edges only.
func (p *gradient) reduce(dw, partial []float32) {
	const across = 32
	groups, n, in, area := p.g.Groups, p.g.O/p.g.Groups, p.g.C/p.g.Groups, p.g.KH*p.g.KW
	if p.g.depthwise() {
		groups, n = 1, p.g.O
	}
	down := max(1, 16/area)
	strips, columns := partCount(in, down), partCount(n, across)
	const passes = 32 // what an element costs, in multiply-adds
	count := groups * columns * strips
	parallelWork(passes*p.slices*p.size(), count, func(i int) {
		group, column, strip := i/strips/columns, i/strips%columns*across, i%strips*down
		width := min(across, n-column)
		for tap := range area {
			for c := strip; c < min(strip+down, in); c++ {
				at := ((group*area+tap)*in+c)*n + column
				sum := partial[at:][:width]
				for s := 1; s < p.slices; s++ {
					addBlock(sum, sum, partial[s*p.size()+at:][:width])
				}
				to := dw[((group*n+column)*in+c)*area+tap:]
				for j, v := range sum {
					to[j*in*area] = v
				}
			}
		}
	})
}
