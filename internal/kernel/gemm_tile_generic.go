package kernel

// rowsGeneric is the tile's loop in Go, from row i on: the specification of
// the other paths.
func (t *tile) rowsGeneric(i, m int) {
	for ; m > 0; i, m = i+1, m-1 {
		c := t.c[i*t.ldc:][:t.n]
		copy(c, t.init[i*t.ldi:])
		b := t.b
		for _, off := range t.off {
			a := t.a[off+i*t.rs:]
			for p := range t.k {
				v, row := a[p*t.cs], b[:len(c)]
				for j := range c {
					c[j] += v * row[j]
				}
				if len(b) > t.ldb {
					b = b[t.ldb:]
				}
			}
		}
	}
}
