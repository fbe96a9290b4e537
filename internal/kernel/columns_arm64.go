//go:build arm64 && !noasm

package kernel

// wholeVectors reports whether assembly can treat n elements in rows of c.
func wholeVectors(n, c int) bool { return path != generic && n > 0 && c%4 == 0 }

func sumTile(sum, x []float32) {
	c := len(sum)
	if !wholeVectors(len(x), c) {
		sumTileGeneric(sum, x)
		return
	}
	sumTileNEON(&sum[0], &x[0], len(x)/c, c)
}

func momentTile(sum, square, x, pivot []float32) {
	c := len(sum)
	if !wholeVectors(len(x), c) {
		momentTileGeneric(sum, square, x, pivot)
		return
	}
	momentTileNEON(&sum[0], &square[0], &x[0], &pivot[0], len(x)/c, c)
}

func momentRangeTile(sum, square, least, greatest, x, pivot []float32) {
	c := len(sum)
	if !wholeVectors(len(x), c) {
		momentRangeTileGeneric(sum, square, least, greatest, x, pivot)
		return
	}
	momentRangeTileNEON(&sum[0], &square[0], &least[0], &greatest[0], &x[0], &pivot[0], len(x)/c, c)
}

func gradTile(sum, dot, dy, y, x, mean []float32) {
	c := len(sum)
	switch rows := len(x) / c; {
	case !wholeVectors(len(x), c):
		gradTileGeneric(sum, dot, dy, y, x, mean)
	case y == nil:
		gradTileNEON(&sum[0], &dot[0], &dy[0], &x[0], &mean[0], rows, c)
	default:
		gradMaskTileNEON(&sum[0], &dot[0], &dy[0], &y[0], &x[0], &mean[0], rows, c)
	}
}

func gradQuantTile(sum, dot, dy, x []float32, g gate) {
	c := len(sum)
	if !wholeVectors(len(x), c) {
		gradQuantTileGeneric(sum, dot, dy, x, g)
		return
	}
	gradQuantTileNEON(&sum[0], &dot[0], &dy[0], &x[0], &g.mean[0], &g.scale[0], &g.shift[0], &g.limit, len(x)/c, c)
}

func affineTile(y, x []float32, t terms, relu bool) {
	c := len(t.mean)
	switch rows := len(x) / c; {
	case !wholeVectors(len(x), c):
		affineTileGeneric(y, x, t, relu)
	case relu:
		affineReLUTileNEON(&y[0], &x[0], &t.mean[0], &t.scale[0], &t.shift[0], rows, c)
	default:
		affineTileNEON(&y[0], &x[0], &t.mean[0], &t.scale[0], &t.shift[0], rows, c)
	}
}

func normGradTile(dx, dy, y, x []float32, k normGradient) {
	c := len(k.mean)
	switch rows := len(x) / c; {
	case !wholeVectors(len(x), c):
		normGradTileGeneric(dx, dy, y, x, k)
	case y == nil:
		normGradTileNEON(&dx[0], &dy[0], &x[0], &k.mean[0], &k.scale[0], &k.k0[0], &k.k1[0], rows, c)
	default:
		normGradMaskTileNEON(&dx[0], &dy[0], &y[0], &x[0], &k.mean[0], &k.scale[0], &k.k0[0], &k.k1[0], rows, c)
	}
}

func normGradQuantTile(dx, dy, x []float32, g gate) {
	c := len(g.mean)
	if !wholeVectors(len(x), c) {
		normGradQuantTileGeneric(dx, dy, x, g)
		return
	}
	normGradQuantTileNEON(&dx[0], &dy[0], &x[0], &g.mean[0], &g.scale[0], &g.shift[0], &g.k0[0], &g.k1[0], &g.limit,
		len(x)/c, c)
}

func scaleGradTile(dx, dy, y, scale []float32) {
	c := len(scale)
	switch rows := len(dy) / c; {
	case !wholeVectors(len(dy), c):
		scaleGradTileGeneric(dx, dy, y, scale)
	case y == nil:
		scaleGradTileNEON(&dx[0], &dy[0], &scale[0], rows, c)
	default:
		scaleGradMaskTileNEON(&dx[0], &dy[0], &y[0], &scale[0], rows, c)
	}
}
