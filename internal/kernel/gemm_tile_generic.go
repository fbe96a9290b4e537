package kernel

// rowsGeneric is the tile's loop in Go, for m rows starting with row i: the
// specification of the other paths.
func (t *tile) rowsGeneric(i, m int) {
	for ; m > 0; i, m = i+1, m-1 {
		sums := t.sums(i)
		c, plus := t.c[i*t.ldc:][:t.n], t.plus[i*t.ldp:][:t.n]
		for j := range c {
			c[j] = sums[j] + plus[j]
		}
	}
}

// sums returns the sums of row i, four columns at a time, of which B has some more
// than it needs.
func (t *tile) sums(i int) (sums [32]float32) {
	for j := 0; j < t.n; j += 4 {
		c, at := (*[4]float32)(sums[j:]), j
		for _, off := range t.off {
			addRun(c, t.a[off+i*t.rs:], t.b[at:], t.k, t.cs, t.ldb)
			at += t.k * t.ldb
		}
	}
	return sums
}

// addRun adds k products to each of four sums.
func addRun(c *[4]float32, a, b []float32, k, stepA, stepB int) {
	c0, c1, c2, c3 := float64(c[0]), float64(c[1]), float64(c[2]), float64(c[3])
	for p := range k {
		v, w := a[p*stepA], (*[4]float32)(b[p*stepB:])
		x := float64(v)
		s0, s1 := float64(x*float64(w[0]))+c0, float64(x*float64(w[1]))+c1
		s2, s3 := float64(x*float64(w[2]))+c2, float64(x*float64(w[3]))+c3
		if halfway(s0) || halfway(s1) || halfway(s2) || halfway(s3) {
			s0, s1 = float64(FMA(v, w[0], float32(c0))), float64(FMA(v, w[1], float32(c1)))
			s2, s3 = float64(FMA(v, w[2], float32(c2))), float64(FMA(v, w[3], float32(c3)))
		}
		c0, c1, c2, c3 = float64(float32(s0)), float64(float32(s1)), float64(float32(s2)), float64(float32(s3))
	}
	*c = [4]float32{float32(c0), float32(c1), float32(c2), float32(c3)}
}
