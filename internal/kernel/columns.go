package kernel

import "sync"

// Sums over the rows of a rows×c matrix, one per column (channel). All of them
// add in float32 within a tile and in float64 over tiles, in an order that
// depends only on rows and c.

// A tile is at most tileElems elements, 64 KiB, which stay in the cache for a
// second pass, and at most tileRows rows, which float32 may sum.
const (
	tileElems = 16384
	tileRows  = 1024
)

// columnSums is the accumulator of one piece of rows: float64 sums s0 and s1 of
// two quantities, float32 memory t0 and t1 for those of a tile, a pivot, and
// the ends of a range.
type columnSums struct {
	s0, s1          []float64
	t0, t1, pivot   []float32
	least, greatest []float32
}

// columnParts is the accumulators of all pieces of a reduction, in one
// allocation that is reused.
type columnParts struct {
	f64  []float64
	f32  []float32
	size int // rows a piece
	n    int // pieces
	c    int
}

var columnPool = sync.Pool{New: func() any { return new(columnParts) }}

// newColumnParts splits rows×c into pieces; done returns the buffers.
func newColumnParts(rows, c int) *columnParts {
	p := columnPool.Get().(*columnParts)
	p.c = c
	p.size = max(1, partSize(rows*c)/max(1, c))
	if p.size*maxParts < rows {
		p.size = (rows + maxParts - 1) / maxParts
	}
	p.n = partCount(rows, p.size)
	if need := 2 * p.n * c; cap(p.f64) < need {
		p.f64, p.f32 = make([]float64, need), make([]float32, need/2*5)
	}
	p.f64, p.f32 = p.f64[:2*p.n*c], p.f32[:5*p.n*c]
	return p
}

func (p *columnParts) done() { columnPool.Put(p) }

// begin is the accumulator of piece i, which is empty.
func (p *columnParts) begin(i int) columnSums {
	clear(p.f64[2*i*p.c:][:2*p.c])
	clear(p.f32[5*i*p.c:][:5*p.c])
	return p.at(i)
}

// at is the accumulator of piece i.
func (p *columnParts) at(i int) columnSums {
	c, f64, f32 := p.c, p.f64[2*i*p.c:], p.f32[5*i*p.c:]
	return columnSums{s0: f64[:c], s1: f64[c : 2*c], t0: f32[:c], t1: f32[c : 2*c],
		pivot: f32[2*c : 3*c], least: f32[3*c : 4*c], greatest: f32[4*c : 5*c]}
}

// total adds the pieces up in order and returns the sums.
func (p *columnParts) total() columnSums {
	return p.merge((*columnParts).add, 0)
}

// add adds the pieces' sums of some columns to those of the first piece.
func (p *columnParts) add(_, from, to int) {
	sum := p.at(0)
	for i := 1; i < p.n; i++ {
		part := p.at(i)
		for j := from; j < to; j++ {
			sum.s0[j] += part.s0[j]
			sum.s1[j] += part.s1[j]
		}
	}
}

// mergeElems is how many sums of pieces are worth a task of their own.
const mergeElems = 1024

// merge calls f, which merges some columns of the pieces of rows into the first piece,
// for all columns, and returns that piece.
func (p *columnParts) merge(f func(p *columnParts, rows, from, to int), rows int) columnSums {
	if p.n*p.c <= mergeElems { // not worth a closure
		f(p, rows, 0, p.c)
	} else {
		blocks(p.c, max(1, mergeElems/p.n), func(from, to int) { f(p, rows, from, to) })
	}
	return p.at(0)
}

// addTile adds the sums of a tile.
func (s columnSums) addTile() {
	for j, t := range s.t0 {
		s.s0[j] += float64(t)
	}
	for j, t := range s.t1 {
		s.s1[j] += float64(t)
	}
}

// tiles calls f on consecutive tiles of the rows lo to hi.
func tiles(lo, hi, c int, f func(lo, hi int)) {
	step := min(tileRows, max(1, tileElems/max(1, c)))
	for r := lo; r < hi; r += step {
		f(r, min(hi, r+step))
	}
}

// SumRows is sum[j] = Σ over r of x[r,j], the gradient of a bias.
func SumRows(sum, x []float32, rows, c int) {
	checkLen("SumRows", "sum", len(sum), c)
	checkLen("SumRows", "x", len(x), rows*c)
	p := newColumnParts(rows, c)
	defer p.done()
	blocks(rows, p.size, func(lo, hi int) {
		s := p.begin(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			sumTile(s.t0, x[lo*c:hi*c])
			s.addTile()
		})
	})
	for j, v := range p.total().s0 {
		sum[j] = float32(v)
	}
}
