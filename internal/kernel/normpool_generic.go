package kernel

// normPoolRowGeneric fills the output row (n, oh) of [BatchNormReLUMaxPool].
func normPoolRowGeneric(y, top []float32, arg []uint8, x, mean, scale, shift []float32, g Pool, n, oh int) {
	for i := range y {
		c := i % g.C
		h0, h1, w0, w1 := g.window(oh, i/g.C)
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				at := x[((n*g.H+h)*g.W+w)*g.C+c]
				v := float32((at-mean[c])*scale[c]) + shift[c]
				if v <= 0 {
					v = 0
				}
				if h == h0 && w == w0 || v > y[i] {
					k := (h-oh*g.StrideH+g.PadTop)*g.KW + w - i/g.C*g.StrideW + g.PadLeft
					y[i], top[i], arg[i] = v, at, uint8(k)
				}
			}
		}
	}
}

// normPoolGradImageGeneric is the loop of [BatchNormReLUMaxPoolBackward] for
// one image: the gradient of the pooling, then that of the normalisation.
func normPoolGradImageGeneric(dx, dy, y []float32, arg []uint8, x, mean []float32, k normGradient, g Pool) {
	clear(dx)
	for i, d := range dy {
		if y[i] > 0 {
			h, w, c := i/(g.OW()*g.C)*g.StrideH, i/g.C%g.OW()*g.StrideW, i%g.C
			h += int(arg[i])/g.KW - g.PadTop
			w += int(arg[i])%g.KW - g.PadLeft
			dx[(h*g.W+w)*g.C+c] += d
		}
	}
	normGradTile(dx, dx, nil, x, mean, k.scale, k.k0, k.k1, g.C)
}
