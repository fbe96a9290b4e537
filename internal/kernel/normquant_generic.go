package kernel

// value is v before the ReLU.
func (n normQuant) value(x float32, j int) float32 {
	return float32((x-n.mean[j])*n.scale[j]) + n.shift[j]
}

// pass is d of one element: dy where 0 < v ≤ limit, +0 elsewhere.
func (n normQuant) pass(dy, x float32, j int) float32 {
	if v := n.value(x, j); v > 0 && v <= n.limit {
		return dy
	}
	return 0
}

// gradQuantTileGeneric is gradTileGeneric with the d of a normQuant.
func gradQuantTileGeneric(sum, dot, dy, x []float32, n normQuant, c int) {
	clear(sum)
	clear(dot)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := n.pass(dy[r+j], v, j)
			sum[j] += d
			dot[j] += float32(d * (v - n.mean[j]))
		}
	}
}

// normGradQuantTileGeneric is normGradTileGeneric with the d of a normQuant.
func normGradQuantTileGeneric(dx, dy, x []float32, n normQuant, k normGradient, c int) {
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := n.pass(dy[r+j], v, j)
			dx[r+j] = n.scale[j] * (d - k.k0[j] - float32((v-n.mean[j])*k.k1[j]))
		}
	}
}

// quantPoolRowGeneric fills the output row (n, oh) of [BatchNormReLUQuantMaxPool].
func quantPoolRowGeneric(y, top []float32, q, arg []uint8, x []float32, norm normQuant, g Pool, n, oh int) {
	for i := range y {
		c, best := i%g.C, float32(-1)
		h0, h1, w0, w1 := g.window(oh, i/g.C)
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				at := x[((n*g.H+h)*g.W+w)*g.C+c]
				if v := norm.steps(norm.value(at, c)); v > best {
					k := (h-oh*g.StrideH+g.PadTop)*g.KW + w - i/g.C*g.StrideW + g.PadLeft
					best, top[i], arg[i] = v, at, uint8(k)
				}
			}
		}
		y[i], q[i] = best*norm.s, uint8(best)
	}
}

// quantPoolGradImageGeneric is the loop of [BatchNormReLUQuantMaxPoolBackward]
// for one image: the gradient of pooling and quantizer, then that of the
// normalisation.
func quantPoolGradImageGeneric(dx, dy, top []float32, arg []uint8, x []float32, norm normQuant, k normGradient,
	g Pool) {
	clear(dx)
	for i, d := range dy {
		h, w, c := i/(g.OW()*g.C)*g.StrideH, i/g.C%g.OW()*g.StrideW, i%g.C
		h += int(arg[i])/g.KW - g.PadTop
		w += int(arg[i])%g.KW - g.PadLeft
		dx[(h*g.W+w)*g.C+c] += norm.pass(d, top[i], c)
	}
	normGradTile(dx, dx, nil, x, norm.mean, norm.scale, k.k0, k.k1, g.C)
}
