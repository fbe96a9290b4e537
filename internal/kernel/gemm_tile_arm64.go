//go:build arm64 && !noasm

package kernel

import "math"

// rows computes rows i to i+m, no more than the path's layout has.
func (t *tile) rows(i, m int) {
	if path == generic {
		t.rowsGeneric(i, m)
		return
	}
	c, plus, a := t.c[i*t.ldc:], t.plus[i*t.ldp:], &t.a[i*t.rs]
	if t.n == 16 {
		tileNEON(&c[0], t.ldc, &plus[0], t.ldp, a, t.rs, t.cs, &t.off[0], len(t.off), t.k, &t.b[0], t.ldb, m)
		return
	}
	// The assembly stores whole rows only.
	var sums [6 * 16]float32
	tileNEON(&sums[0], 16, &nothing[0], 0, a, t.rs, t.cs, &t.off[0], len(t.off), t.k, &t.b[0], t.ldb, m)
	for i := range m {
		c, plus := c[i*t.ldc:][:t.n], plus[i*t.ldp:][:t.n]
		for j := range c {
			c[j] = sums[16*i+j] + plus[j]
		}
	}
}

// nothing changes no sum it is added to, where 0 would make −0 positive.
var nothing = func() (zeros [16]float32) {
	for i := range zeros {
		zeros[i] = float32(math.Copysign(0, -1))
	}
	return zeros
}()
