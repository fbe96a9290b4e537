//go:build (amd64 || arm64) && !noasm

package kernel

// halves reports whether the windows are 2×2 with stride 2 inside the image,
// which the assembly knows.
func (g Pool) halves() bool {
	return g.KH == 2 && g.KW == 2 && g.StrideH == 2 && g.StrideW == 2 &&
		g.PadTop+g.PadLeft+g.PadBottom+g.PadRight == 0
}

// twoRows is where the two rows of the image that the outputs (n, oh) see start.
func (g Pool) twoRows(n, oh int) (row0, row1 int) {
	row0 = (n*g.H + 2*oh) * g.W * g.C
	return row0, row0 + g.W*g.C
}
