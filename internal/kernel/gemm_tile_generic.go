package kernel

// rowsGeneric is the tile's loop in Go, for m rows starting with row i: the
// specification of the other paths. Four columns are summed at a time, in
// variables that the compiler can keep in registers.
func (t *tile) rowsGeneric(i, m int) {
	for ; m > 0; i, m = i+1, m-1 {
		for j := 0; j < t.n; j += 4 {
			sum := t.four(i, j)
			n := min(4, t.n-j)
			c, plus := t.c[i*t.ldc+j:][:n], t.plus[i*t.ldp+j:][:n]
			for k := range c {
				c[k] = sum[k] + plus[k]
			}
		}
	}
}

// four returns the sums of row i, columns j to j+3.
func (t *tile) four(i, j int) [4]float32 {
	var s0, s1, s2, s3 float32
	at := j
	for _, off := range t.off {
		x := off + i*t.rs
		for range t.k {
			a, b := t.a[x], t.b[at:at+4:at+4]
			s0 += a * b[0]
			s1 += a * b[1]
			s2 += a * b[2]
			s3 += a * b[3]
			x += t.cs
			at += t.ldb
		}
	}
	return [4]float32{s0, s1, s2, s3}
}
