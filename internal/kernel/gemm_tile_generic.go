package kernel

// rowsGeneric is the tile's loop in Go, for m rows starting with row i: the
// specification of the other paths.
func (t *tile) rowsGeneric(i, m int) {
	for ; m > 0; i, m = i+1, m-1 {
		sums := t.sums(i)
		c, plus := t.c[i*t.ldc:][:t.n], t.plus[i*t.ldp:][:t.n]
		for j := range c {
			c[j] = float32(sums[j]) + plus[j]
		}
	}
}

// sums returns the sums of row i, which are float32.
func (t *tile) sums(i int) (sums [32]float64) {
	at := 0
	for _, off := range t.off {
		x := off + i*t.rs
		for range t.k {
			addScaled(sums[:t.n], t.a[x], t.b[at:])
			x += t.cs
			at += t.ldb
		}
	}
	return sums
}
