package kernel

// pack writes panel j of B's rows from to to, padded with zeros.
func (p *product) pack(packed []float32, from, to, j int) {
	column, width := layouts[path].panel(p.n, j)
	dst := packed[from*roundUp(p.n, quantum)+column*(to-from):][:(to-from)*width]
	n, b := min(width, p.n-column), p.b.from(from, column)
	switch {
	case b.col != 1:
		transpose(dst, b.data, to-from, n, b.col, width)
	case n == width && width == 32:
		for i := range to - from {
			*(*[32]float32)(dst[i*32:]) = [32]float32(b.data[i*b.row:])
		}
	default:
		packColumns(dst, b.data, to-from, b.row, n, width)
	}
}

// spread is a bad distance between rows: rows a multiple of it apart share few
// sets of a first-level cache.
const spread = 512

// spreadRows copies A if its rows, or the columns of a transposed A, are a
// large power of two apart.
func (p *product) spreadRows(s *Scratch) {
	rows, ld, n := p.m, &p.a.row, p.k
	if p.a.col != 1 {
		rows, ld, n = p.k, &p.a.col, p.m
	}
	if *ld%spread != 0 || p.n <= layouts[path].columns {
		return
	}
	const apart = 16
	wide := roundUp(n, apart) + apart
	copied := grown(&s.buffers().padded, rows*wide)
	Parallel(min(rows, tasks), func(i int) {
		from, to := share(rows, min(rows, tasks), i)
		packColumns(copied[from*wide:], p.a.data[from**ld:], to-from, *ld, n, wide)
	})
	p.a.data, *ld = copied, wide
}
