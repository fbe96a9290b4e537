package kernel

// A tile is a few rows of a product, no wider than a panel of B:
//
//	C[i·ldc+j] = Σ_{q<len(off)} Σ_{p<k} A[off[q]+i·rs+p·cs] · B[(q·k+p)·ldb+j] + plus[i·ldp+j]
//
// for j < n. Every float32 product of this package consists of tiles. A may be
// a matrix, its transpose, or an image: the rows of A are then pixels, the runs
// of the sum are what the window sees of each image row, and no matrix of
// patches need be written. What is added to the sum is C itself, a row of
// biases or zeros (ldp = 0 repeats one row). Rows of B must be readable up to
// the next multiple of 16 columns.
type tile struct {
	c, plus, a, b []float32
	ldc, ldp, ldb int
	rs, cs        int
	off           []int // ascending
	k, n          int
}

// zeros is added to a sum that has no bias.
var zeros [32]float32

// A layout is how a path cuts a product into tiles. It is chosen so that a
// tile, a row of B and an element of A fill the vector registers.
type layout struct{ rows, columns int }

var layouts = [...]layout{generic: {4, 16}, avx2: {6, 16}, avx512: {14, 32}, neon: {6, 16}, dot: {6, 16}, i8mm: {6, 16}}

// quantum divides the stored width of a panel.
const quantum = 16

// panel returns the first column and the stored width of panel j of a matrix of
// n columns. Panels are consecutive, each with k rows: panel j starts at
// element k·column.
func (l layout) panel(n, j int) (column, width int) {
	column = j * l.columns
	return column, min(l.columns, roundUp(n-column, quantum))
}

// panels returns the number of panels of n columns.
func (l layout) panels(n int) int { return (n + l.columns - 1) / l.columns }

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// run computes m rows, as equal in number per tile as they can be: 16 rows are
// 8 and 8, not 14 and 2, because with few rows the multipliers wait.
func (t *tile) run(m int) {
	t.check(m)
	largest := layouts[path].rows
	count := (m + largest - 1) / largest
	each, more := m/count, m%count
	for i, n := 0, 0; i < m; i += n {
		n = each
		if more > 0 {
			n++
			more--
		}
		t.rows(i, n)
	}
}

// check panics unless every element of the tile is inside its slice, which the
// assembly does not check.
func (t *tile) check(m int) {
	if t.n < 1 || t.n > layouts[path].columns || t.k < 1 {
		panic("kernel: tile of no size")
	}
	last := len(t.off) - 1
	_ = t.c[(m-1)*t.ldc+t.n-1]
	_ = t.plus[(m-1)*t.ldp+t.n-1]
	_ = t.a[t.off[0]]
	_ = t.a[t.off[last]+(m-1)*t.rs+(t.k-1)*t.cs]
	_ = t.b[(len(t.off)*t.k-1)*t.ldb+roundUp(t.n, quantum)-1]
}
