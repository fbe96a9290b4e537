package kernel

// rowsGeneric is the tile's loop in Go, from row i on: the specification of
// the other paths.
func (t *tile) rowsGeneric(i, m int) {
	for ; m > 0; i, m = i+1, m-1 {
		var row [quantum]float32
		sum, b := row[:t.n], t.b
		for _, off := range t.off {
			a := t.a[off+i*t.rs:]
			for p := range t.k {
				v := a[p*t.cs]
				for j, w := range b[:t.n] {
					sum[j] += v * w
				}
				b = b[min(t.ldb, len(b)):]
			}
		}
		c, plus := t.c[i*t.ldc:][:t.n], t.plus[i*t.ldp:][:t.n]
		for j, s := range sum {
			c[j] = s + plus[j]
		}
	}
}
