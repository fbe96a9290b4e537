package kernel

// maxPoolRowGeneric fills the output row (n, oh); arg may be nil.
func maxPoolRowGeneric(y []float32, arg []uint8, x []float32, g Pool, n, oh int) {
	for ow := range g.OW() {
		h0, h1, w0, w1 := g.window(oh, ow)
		out := y[ow*g.C : (ow+1)*g.C]
		first := ((n*g.H+h0)*g.W + w0) * g.C
		copy(out, x[first:first+g.C])
		var index []uint8
		if arg != nil {
			index = arg[ow*g.C : (ow+1)*g.C]
			k := (h0-oh*g.StrideH+g.PadTop)*g.KW + w0 - ow*g.StrideW + g.PadLeft
			for c := range index {
				index[c] = uint8(k)
			}
		}
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				k := (h-oh*g.StrideH+g.PadTop)*g.KW + w - ow*g.StrideW + g.PadLeft
				maxInto(out, index, x[((n*g.H+h)*g.W+w)*g.C:][:g.C], uint8(k))
			}
		}
	}
}

// maxInto is best = max(best, x), with index = k where x is greater.
func maxInto(best []float32, index []uint8, x []float32, k uint8) {
	for c, v := range x {
		if v > best[c] {
			best[c] = v
			if index != nil {
				index[c] = k
			}
		}
	}
}

// maxPoolGradImageGeneric is the loop of [MaxPoolGrad] for one image.
func maxPoolGradImageGeneric(dx, dy []float32, arg []uint8, g Pool) {
	clear(dx)
	i := 0
	for oh := range g.OH() {
		for ow := range g.OW() {
			for c := range g.C {
				k := int(arg[i])
				h, w := oh*g.StrideH-g.PadTop+k/g.KW, ow*g.StrideW-g.PadLeft+k%g.KW
				dx[(h*g.W+w)*g.C+c] += dy[i]
				i++
			}
		}
	}
}

// avgPoolRow fills the output row (n, oh).
func avgPoolRow(y, x []float32, g Pool, n, oh int) {
	clear(y)
	for ow := range g.OW() {
		h0, h1, w0, w1 := g.window(oh, ow)
		out := y[ow*g.C : (ow+1)*g.C]
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				for c, v := range x[((n*g.H+h)*g.W+w)*g.C:][:g.C] {
					out[c] += v
				}
			}
		}
		count := float32(g.Count(oh, ow))
		for c := range out {
			out[c] /= count
		}
	}
}

// avgPoolGradImage is the loop of [AvgPoolGrad] for one image.
func avgPoolGradImage(dx, dy []float32, g Pool) {
	clear(dx)
	for oh := range g.OH() {
		for ow := range g.OW() {
			d := dy[(oh*g.OW()+ow)*g.C:][:g.C]
			if g.apart() {
				avgPoolGradApart(dx, d, g, oh, ow)
			} else {
				avgPoolGradWindow(dx, d, g, oh, ow)
			}
		}
	}
}

// apart reports whether no two windows share a pixel.
func (g Pool) apart() bool {
	return (g.OH() == 1 || g.StrideH >= g.KH) && (g.OW() == 1 || g.StrideW >= g.KW)
}

// avgPoolGradWindow adds the gradient d of one window.
func avgPoolGradWindow(dx, d []float32, g Pool, oh, ow int) {
	h0, h1, w0, w1 := g.window(oh, ow)
	count := float32(g.Count(oh, ow))
	for h := h0; h < h1; h++ {
		for w := w0; w < w1; w++ {
			for c := range d {
				dx[(h*g.W+w)*g.C+c] += d[c] / count
			}
		}
	}
}

// avgPoolGradApart sets the gradient d of a window that shares no pixel with
// another; it is the same at all its pixels.
func avgPoolGradApart(dx, d []float32, g Pool, oh, ow int) {
	h0, h1, w0, w1 := g.window(oh, ow)
	count := float32(g.Count(oh, ow))
	first := dx[(h0*g.W+w0)*g.C:][:g.C]
	for c := range d {
		first[c] = d[c] / count
	}
	for h := h0; h < h1; h++ {
		for w := w0; w < w1; w++ {
			copy(dx[(h*g.W+w)*g.C:][:g.C], first)
		}
	}
}
