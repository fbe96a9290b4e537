package kernel

// pass is d of one element: dy where 0 < v ≤ limit, +0 elsewhere.
func (g gate) pass(dy, x float32, j int) float32 {
	if v := g.value(x, j); v > 0 && v <= g.limit {
		return dy
	}
	return 0
}

// gradQuantTileGeneric is gradTileGeneric with the d of a gate.
func gradQuantTileGeneric(sum, dot, dy, x []float32, g gate) {
	(&columnTile{x: x, less: g.mean, dy: dy, gate: &g}).sums(sum, dot)
}

// normGradQuantTileGeneric is normGradTileGeneric with the d of a gate.
func normGradQuantTileGeneric(dx, dy, x []float32, g gate) {
	c := len(g.mean)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := g.pass(dy[r+j], v, j)
			dx[r+j] = g.scale[j] * (d - g.k0[j] - float32((v-g.mean[j])*g.k1[j]))
		}
	}
}

// quantPoolRowGeneric fills the output row oh of [BatchNormReLUQuantMaxPool]
// for the image x.
func quantPoolRowGeneric(m Maxima, q []uint8, x []float32, t quantTerms, g Pool, oh int) {
	for i := range m.Y {
		c, best := i%g.C, float32(-1)
		h0, h1, w0, w1 := g.window(oh, i/g.C)
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				at := x[(h*g.W+w)*g.C+c]
				if v := t.steps(t.value(at, c)); v > best {
					k := (h-oh*g.StrideH+g.PadTop)*g.KW + w - i/g.C*g.StrideW + g.PadLeft
					best, m.Top[i], m.Arg[i] = v, at, uint8(k)
				}
			}
		}
		m.Y[i], q[i] = best*t.s, uint8(best)
	}
}

// quantPoolGradImageGeneric is the loop of [BatchNormReLUQuantMaxPoolBackward]
// for one image: the gradient of pooling and quantizer, then that of the
// normalisation.
func quantPoolGradImageGeneric(dx, dy []float32, m Maxima, x []float32, k gate, g Pool) {
	clear(dx)
	for i, d := range dy {
		dx[g.maximum(m, i)] += k.pass(d, m.Top[i], i%g.C)
	}
	normGradTile(dx, dx, nil, x, k.normGradient)
}
