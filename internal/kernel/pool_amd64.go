//go:build amd64 && !noasm

package kernel

//go:generate go -C _asm run ./pool -pkg kernel -out ../pool_amd64.s -stubs ../pool_stubs_amd64.go

// poolPath is the path for a pooling.
func poolPath(g Pool) instructionSet {
	if !g.halves() {
		return generic
	}
	return columnPath(g.C, g.C)
}

// GradOverX reports whether [BatchNormReLUMaxPoolBackward] and
// [BatchNormReLUQuantMaxPoolBackward] may write dx over x.
func (g Pool) GradOverX() bool { return poolPath(g) != generic && (g.H|g.W)&1 == 0 }

func maxPoolRow(y []float32, arg []uint8, x []float32, g Pool, n, oh int) {
	set := poolPath(g)
	if set == generic || arg == nil {
		maxPoolRowGeneric(y, arg, x, g, n, oh)
		return
	}
	row0, row1 := g.twoRows(n, oh)
	if set == avx512 {
		maxPool2AVX512(&y[0], &arg[0], &x[row0], &x[row1], g.OW(), g.C)
		return
	}
	maxPool2AVX2(&y[0], &arg[0], &x[row0], &x[row1], g.OW(), g.C)
}

func maxPoolGradImage(dx, dy []float32, arg []uint8, g Pool) {
	set := poolPath(g)
	if set == generic {
		maxPoolGradImageGeneric(dx, dy, arg, g)
		return
	}
	if (g.H|g.W)&1 != 0 {
		clear(dx)
	}
	for oh := range g.OH() {
		out := oh * g.OW() * g.C
		row0, row1 := g.twoRows(0, oh)
		if set == avx512 {
			maxPool2GradAVX512(&dx[row0], &dx[row1], &dy[out], &arg[out], g.OW(), g.C)
			continue
		}
		maxPool2GradAVX2(&dx[row0], &dx[row1], &dy[out], &arg[out], g.OW(), g.C)
	}
}

func normPoolRow(m Maxima, x []float32, t terms, g Pool, oh int) {
	a, b := g.twoRows(0, oh)
	switch poolPath(g) {
	case avx512:
		normPool2AVX512(&m.Y[0], &m.Top[0], &m.Arg[0], &x[a], &x[b], &t.mean[0], &t.scale[0], &t.shift[0], g.OW(), g.C)
	case avx2:
		normPool2AVX2(&m.Y[0], &m.Top[0], &m.Arg[0], &x[a], &x[b], &t.mean[0], &t.scale[0], &t.shift[0], g.OW(), g.C)
	default:
		normPoolRowGeneric(m, x, t, g, oh)
	}
}

// normPoolGradImage first sets the gradient of pixels that, in odd sizes, no
// window sees.
func normPoolGradImage(dx, dy []float32, m Maxima, x []float32, k normGradient, g Pool) {
	set := poolPath(g)
	if set == generic {
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
		if set == avx512 {
			normPool2GradAVX512(&dx[a], &dx[b], &dy[out], &m.Y[out], &m.Arg[out], &x[a], &x[b], &k.mean[0], &k.scale[0],
				&k.k0[0], &k.k1[0], g.OW(), g.C)
			continue
		}
		normPool2GradAVX2(&dx[a], &dx[b], &dy[out], &m.Y[out], &m.Arg[out], &x[a], &x[b], &k.mean[0], &k.scale[0],
			&k.k0[0], &k.k1[0], g.OW(), g.C)
	}
}

// maxBytesRow is a row of [MaxPoolBytes]: assembly for the windows inside the
// image, Go for those at its edges.
func maxBytesRow(y, x []uint8, g Pool, oh int, in innerWindows) {
	m := in.w1 - in.w0
	if path == generic || path == avx2 && g.C%16 != 0 || oh < in.h0 || oh >= in.h1 || m == 0 {
		maxBytesRowGeneric(y, x, g, oh, 0, g.OW())
		return
	}
	maxBytesRowGeneric(y, x, g, oh, 0, in.w0)
	start := ((oh*g.StrideH-g.PadTop)*g.W + in.w0*g.StrideW - g.PadLeft) * g.C
	to, from, step := &y[in.w0*g.C], &x[start], g.StrideW*g.C
	if path == avx512 {
		maxU8AVX512(to, from, step, &in.off[0], len(in.off), m, g.C)
	} else {
		maxU8AVX2(to, from, step, &in.off[0], len(in.off), m, g.C)
	}
	maxBytesRowGeneric(y, x, g, oh, in.w1, g.OW())
}

func quantPoolRow(m Maxima, q []uint8, x []float32, t quantTerms, g Pool, oh int) {
	a, b := g.twoRows(0, oh)
	d, ok := t.division(0)
	switch set := poolPath(g); {
	case set == generic || !ok:
		quantPoolRowGeneric(m, q, x, t, g, oh)
	case set == avx512:
		quantPool2AVX512(&m.Y[0], &m.Top[0], &q[0], &m.Arg[0], &x[a], &x[b], &t.mean[0], &t.scale[0], &t.shift[0],
			&d.s, &d.inverse, &d.hi, g.OW(), g.C)
	default:
		quantPool2AVX2(&m.Y[0], &m.Top[0], &q[0], &m.Arg[0], &x[a], &x[b], &t.mean[0], &t.scale[0], &t.shift[0],
			&d.s, &d.inverse, &d.hi, g.OW(), g.C)
	}
}

// quantPoolGradImage treats odd sizes as normPoolGradImage does.
func quantPoolGradImage(dx, dy []float32, m Maxima, x []float32, k gate, g Pool) {
	set := poolPath(g)
	if set == generic {
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
		if set == avx512 {
			quantPool2GradAVX512(&dx[a], &dx[b], &dy[out], &m.Top[out], &m.Arg[out], &x[a], &x[b], &k.mean[0],
				&k.scale[0], &k.shift[0], &k.k0[0], &k.k1[0], &k.limit, g.OW(), g.C)
			continue
		}
		quantPool2GradAVX2(&dx[a], &dx[b], &dy[out], &m.Top[out], &m.Arg[out], &x[a], &x[b], &k.mean[0],
			&k.scale[0], &k.shift[0], &k.k0[0], &k.k1[0], &k.limit, g.OW(), g.C)
	}
}
