package kernel

// normPoolRowGeneric fills the output row oh of [BatchNormReLUMaxPool] for the
// image x.
func normPoolRowGeneric(m Maxima, x []float32, t terms, g Pool, oh int) {
	for i := range m.Y {
		c := i % g.C
		h0, h1, w0, w1 := g.window(oh, i/g.C)
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				at := x[(h*g.W+w)*g.C+c]
				v := t.value(at, c)
				if v <= 0 {
					v = 0
				}
				if h == h0 && w == w0 || v > m.Y[i] {
					k := (h-oh*g.StrideH+g.PadTop)*g.KW + w - i/g.C*g.StrideW + g.PadLeft
					m.Y[i], m.Top[i], m.Arg[i] = v, at, uint8(k)
				}
			}
		}
	}
}

// normPoolGradImageGeneric is the loop of [BatchNormReLUMaxPoolBackward] for
// one image: the gradient of the pooling, then that of the normalisation.
func normPoolGradImageGeneric(dx, dy []float32, m Maxima, x []float32, k normGradient, g Pool) {
	clear(dx)
	for i, d := range dy {
		if m.Y[i] > 0 {
			dx[g.maximum(m, i)] += d
		}
	}
	normGradTile(dx, dx, nil, x, k)
}

// maximum is the index in its image of the i-th maximum.
func (g Pool) maximum(m Maxima, i int) int {
	h, w, c := i/(g.OW()*g.C)*g.StrideH, i/g.C%g.OW()*g.StrideW, i%g.C
	h += int(m.Arg[i])/g.KW - g.PadTop
	w += int(m.Arg[i])%g.KW - g.PadLeft
	return (h*g.W+w)*g.C + c
}
