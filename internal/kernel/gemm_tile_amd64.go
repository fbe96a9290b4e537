//go:build amd64 && !noasm

package kernel

//go:generate go -C _asm run ./tile -pkg kernel -out ../gemm_tile_amd64.s -stubs ../gemm_tile_stubs_amd64.go

// rows computes rows i to i+m, no more than the path's layout has.
func (t *tile) rows(i, m int) {
	if path == generic {
		t.rowsGeneric(i, m)
		return
	}
	c, plus, a := &t.c[i*t.ldc], &t.plus[i*t.ldp], &t.a[i*t.rs]
	switch {
	case path == avx2:
		tileAVX2(c, t.ldc, plus, t.ldp, a, t.rs, t.cs, &t.off[0], len(t.off), t.k, &t.b[0], t.ldb, m, t.n)
	case t.n > 16:
		tileAVX512x32(c, t.ldc, plus, t.ldp, a, t.rs, t.cs, &t.off[0], len(t.off), t.k, &t.b[0], t.ldb, m, t.n)
	default:
		tileAVX512x16(c, t.ldc, plus, t.ldp, a, t.rs, t.cs, &t.off[0], len(t.off), t.k, &t.b[0], t.ldb, m, t.n)
	}
}
