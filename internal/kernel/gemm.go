package kernel

import "sync"

// Matrix is a matrix of Rows×Cols numbers: row after row, LD elements apart, or
// with Trans column after column.
type Matrix struct {
	Data           []float32
	Rows, Cols, LD int
	Trans          bool
}

// Gemm computes a product of matrices, C = A·B, or with add C += A·B. C's rows
// are consecutive; without add it is not read.
func Gemm(c, a, b Matrix, add bool) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols || c.Trans {
		panic("kernel: Gemm: shapes do not fit")
	}
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	if a.Cols == 0 {
		for i := 0; i < c.Rows && !add; i++ {
			clear(c.Data[i*c.LD:][:c.Cols])
		}
		return
	}
	p := product{
		m: c.Rows, n: c.Cols, k: a.Cols, a: a.strided(), b: b.strided(), c: c.Data, ldc: c.LD, add: add,
	}
	s := scratches.Get().(*Scratch)
	p.run(s)
	scratches.Put(s)
}

// scratches are for the callers of Gemm, which have none.
var scratches = sync.Pool{New: func() any { return new(Scratch) }}

// A matrix is a slice seen with its element (i,j) at i·row + j·col. One of
// the two distances is 1.
type matrix struct {
	data     []float32
	row, col int
}

func (m Matrix) strided() matrix {
	if m.Trans {
		return matrix{m.Data, 1, m.LD}
	}
	return matrix{m.Data, m.LD, 1}
}

// from returns the matrix that starts at element (i,j).
func (m matrix) from(i, j int) matrix {
	return matrix{m.data[i*m.row+j*m.col:], m.row, m.col}
}

// A product is C = A·B, for A of m×k and B of k×n, added to C, to a bias per
// column, or to nothing.
type product struct {
	m, n, k int
	a, b    matrix
	c       []float32
	ldc     int
	add     bool
	bias    []float32 // or nil
}

const (
	// maxDepth is how much of a sum is computed at once: a panel of B of that
	// many rows streams from the second-level cache, tile after tile. A deeper
	// sum stores and loads C less often.
	maxDepth = 512

	// maxTiles is how many tiles, one below the other, use a panel before the
	// next panel: their rows of A stay in the second-level cache.
	maxTiles = 24

	// maxPacked is how many elements of B are packed at once.
	maxPacked = 1 << 19
)

// run computes the product in enough rounds to keep the working memory small.
func (p *product) run(s *Scratch) {
	rounds := (p.k*p.n + maxPacked - 1) / maxPacked
	for i := range rounds {
		from, to := share(p.k, rounds, i)
		round := *p
		round.a, round.b, round.k = p.a.from(0, from), p.b.from(from, 0), to-from
		round.add = p.add || i > 0
		round.once(s)
	}
}

// once packs B, and cuts C into tasks of some rows and some panels. Their
// number depends only on the shape.
func (p *product) once(s *Scratch) {
	l := layouts[path]
	depths, panels := (p.k+maxDepth-1)/maxDepth, l.panels(p.n)
	packed := grown(&s.buffers().packed, p.k*roundUp(p.n, quantum))
	parallelWork(p.m*p.n*p.k, depths*panels, func(i int) {
		from, to := share(p.k, depths, i/panels)
		p.pack(packed, from, to, i%panels)
	})
	p.spreadRows(s)

	tiles := (p.m + l.rows - 1) / l.rows
	down := max((tiles+maxTiles-1)/maxTiles, min(tiles, tasks/panels))
	across := min(panels, (tasks+down-1)/down)
	parallelWork(p.m*p.n*p.k, down*across, func(i int) {
		row, rowEnd := share(p.m, down, i/across)
		panel, panelEnd := share(panels, across, i%across)
		for d := range depths {
			from, to := share(p.k, depths, d)
			for j := panel; j < panelEnd; j++ {
				p.tile(packed, from, to, j, row, rowEnd)
			}
		}
	})
}

// tile computes rows row to rowEnd of panel j, the sum running from from to to.
func (p *product) tile(packed []float32, from, to, j, row, rowEnd int) {
	column, width := layouts[path].panel(p.n, j)
	a := p.a.from(row, from)
	t := tile{
		c: p.c[row*p.ldc+column:], ldc: p.ldc, n: min(width, p.n-column),
		a: a.data, rs: a.row, cs: a.col, off: oneRun[:], k: to - from,
		b: packed[from*roundUp(p.n, quantum)+column*(to-from):], ldb: width,
	}
	switch {
	case from > 0 || p.add:
		t.plus, t.ldp = t.c, t.ldc
	case p.bias != nil:
		t.plus = p.bias[column:]
	default:
		t.plus = zeros[:]
	}
	t.run(rowEnd - row)
}

// oneRun is the offsets of a sum without gaps.
var oneRun = [1]int{0}
