//go:build arm64 && !noasm

package kernel

// assembled reports whether assembly knows the pooling: windows of 2×2 with
// stride 2 inside the image, and whole vectors of channels.
func (g Pool) assembled() bool { return g.halves() && wholeVectors(g.C, g.C) }

// GradOverX reports whether [BatchNormReLUMaxPoolBackward] and
// [BatchNormReLUQuantMaxPoolBackward] may write dx over x.
func (g Pool) GradOverX() bool { return g.assembled() && (g.H|g.W)&1 == 0 }

func maxPoolRow(y []float32, arg []uint8, x []float32, g Pool, n, oh int) {
	if !g.assembled() || arg == nil {
		maxPoolRowGeneric(y, arg, x, g, n, oh)
		return
	}
	a, b := g.twoRows(n, oh)
	maxPool2NEON(&y[0], &arg[0], &x[a], &x[b], g.OW(), g.C)
}

func maxPoolGradImage(dx, dy []float32, arg []uint8, g Pool) {
	if !g.assembled() {
		maxPoolGradImageGeneric(dx, dy, arg, g)
		return
	}
	if (g.H|g.W)&1 != 0 {
		clear(dx)
	}
	for oh := range g.OH() {
		out := oh * g.OW() * g.C
		a, b := g.twoRows(0, oh)
		maxPool2GradNEON(&dx[a], &dx[b], &dy[out], &arg[out], g.OW(), g.C)
	}
}

func normPoolRow(m Maxima, x []float32, t terms, g Pool, oh int) {
	if !g.assembled() {
		normPoolRowGeneric(m, x, t, g, oh)
		return
	}
	a, b := g.twoRows(0, oh)
	normPool2NEON(&m.Y[0], &m.Top[0], &m.Arg[0], &x[a], &x[b], &t.mean[0], &t.scale[0], &t.shift[0], g.OW(), g.C)
}

// normPoolGradImage first sets the gradient of pixels that, in odd sizes, no
// window sees.
func normPoolGradImage(dx, dy []float32, m Maxima, x []float32, k normGradient, g Pool) {
	if !g.assembled() {
		normPoolGradImageGeneric(dx, dy, m, x, k, g)
		return
	}
	if (g.H|g.W)&1 != 0 {
		clear(dx)
		normGradTile(dx, dx, nil, x, k)
	}
	for oh := range g.OH() {
		out := oh * g.OW() * g.C
		a, b := g.twoRows(0, oh)
		normPool2GradNEON(&dx[a], &dx[b], &dy[out], &m.Y[out], &m.Arg[out], &x[a], &x[b], &k.mean[0], &k.scale[0],
			&k.k0[0], &k.k1[0], g.OW(), g.C)
	}
}

// maxBytesRow is a row of [MaxPoolBytes]: assembly for the windows inside the
// image, Go for those at its edges.
func maxBytesRow(y, x []uint8, g Pool, oh int, in innerWindows) {
	m := in.w1 - in.w0
	if path == generic || g.C%16 != 0 || oh < in.h0 || oh >= in.h1 || m == 0 {
		maxBytesRowGeneric(y, x, g, oh, 0, g.OW())
		return
	}
	maxBytesRowGeneric(y, x, g, oh, 0, in.w0)
	start := ((oh*g.StrideH-g.PadTop)*g.W + in.w0*g.StrideW - g.PadLeft) * g.C
	maxU8NEON(&y[in.w0*g.C], &x[start], g.StrideW*g.C, &in.off[0], len(in.off), m, g.C)
	maxBytesRowGeneric(y, x, g, oh, in.w1, g.OW())
}

func quantPoolRow(m Maxima, q []uint8, x []float32, t quantTerms, g Pool, oh int) {
	if !g.assembled() {
		quantPoolRowGeneric(m, q, x, t, g, oh)
		return
	}
	a, b := g.twoRows(0, oh)
	quantPool2NEON(&m.Y[0], &m.Top[0], &q[0], &m.Arg[0], &x[a], &x[b], &t.mean[0], &t.scale[0], &t.shift[0], &t.s,
		&t.hi, g.OW(), g.C)
}

// quantPoolGradImage treats odd sizes as normPoolGradImage does.
func quantPoolGradImage(dx, dy []float32, m Maxima, x []float32, k gate, g Pool) {
	if !g.assembled() {
		quantPoolGradImageGeneric(dx, dy, m, x, k, g)
		return
	}
	if (g.H|g.W)&1 != 0 {
		clear(dx)
		normGradTile(dx, dx, nil, x, k.normGradient)
	}
	for oh := range g.OH() {
		out := oh * g.OW() * g.C
		a, b := g.twoRows(0, oh)
		quantPool2GradNEON(&dx[a], &dx[b], &dy[out], &m.Top[out], &m.Arg[out], &x[a], &x[b], &k.mean[0],
			&k.scale[0], &k.shift[0], &k.k0[0], &k.k1[0], &k.limit, g.OW(), g.C)
	}
}
