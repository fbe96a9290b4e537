package kernel

// MaxPoolBytes is [MaxPool] on integers, whose scale and zero point the result
// keeps: a monotone map does not change which element is greatest.
func MaxPoolBytes(y, x []uint8, g Pool) {
	if err := g.Validate(); err != nil {
		panic(err)
	}
	checkLen("MaxPoolBytes", "y", len(y), g.N*g.OH()*g.OW()*g.C)
	checkLen("MaxPoolBytes", "x", len(x), g.N*g.H*g.W*g.C)
	inner := newInnerWindows(g)
	size := g.OW() * g.C
	g.eachRow(func(n, oh, out int) {
		image := x[n*g.H*g.W*g.C : (n+1)*g.H*g.W*g.C]
		maxBytesRow(y[out:out+size], image, g, oh, inner)
	})
}

// innerWindows are the outputs whose windows see no padding: the rows h0 to h1
// and the columns w0 to w1.
type innerWindows struct {
	h0, h1, w0, w1 int
	off            []int // from a window's start to its pixels
}

func newInnerWindows(g Pool) innerWindows {
	inside := func(size, pad, stride, window, out int) (from, to int) {
		from = (pad + stride - 1) / stride
		to = min(out, (size+pad-window+stride)/stride) // 0 where the window is larger than the image
		return from, max(from, to)
	}
	var w innerWindows
	w.h0, w.h1 = inside(g.H, g.PadTop, g.StrideH, g.KH, g.OH())
	w.w0, w.w1 = inside(g.W, g.PadLeft, g.StrideW, g.KW, g.OW())
	for kh := range g.KH {
		for kw := range g.KW {
			w.off = append(w.off, (kh*g.W+kw)*g.C)
		}
	}
	return w
}

// maxBytesRowGeneric computes columns from..to of the output row oh of one
// image.
func maxBytesRowGeneric(y, x []uint8, g Pool, oh, from, to int) {
	for ow := from; ow < to; ow++ {
		h0, h1, w0, w1 := g.window(oh, ow)
		out := y[ow*g.C : (ow+1)*g.C]
		copy(out, x[(h0*g.W+w0)*g.C:])
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				for c, v := range x[(h*g.W+w)*g.C:][:g.C] {
					out[c] = max(out[c], v)
				}
			}
		}
	}
}
