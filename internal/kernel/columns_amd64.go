//go:build amd64 && !noasm

package kernel

//go:generate go -C _asm run ./columns -pkg kernel -out ../columns_amd64.s -stubs ../columns_stubs_amd64.go

// columnPath is the path for rows of c elements: AVX2 takes whole vectors of
// eight, other widths go to Go.
func columnPath(n, c int) instructionSet {
	if n == 0 || path == avx2 && c%8 != 0 {
		return generic
	}
	return path
}

func sumTile(sum, x []float32) {
	c := len(sum)
	switch columnPath(len(x), c) {
	case avx512:
		sumTileAVX512(&sum[0], &x[0], len(x)/c, c)
	case avx2:
		sumTileAVX2(&sum[0], &x[0], len(x)/c, c)
	default:
		sumTileGeneric(sum, x)
	}
}

func momentTile(sum, square, x, pivot []float32) {
	c := len(sum)
	switch columnPath(len(x), c) {
	case avx512:
		momentTileAVX512(&sum[0], &square[0], &x[0], &pivot[0], len(x)/c, c)
	case avx2:
		momentTileAVX2(&sum[0], &square[0], &x[0], &pivot[0], len(x)/c, c)
	default:
		momentTileGeneric(sum, square, x, pivot)
	}
}

func gradTile(sum, dot, dy, y, x, mean []float32) {
	c := len(sum)
	rows := len(x) / c
	switch set := columnPath(len(x), c); {
	case set == avx512 && y == nil:
		gradTileAVX512(&sum[0], &dot[0], &dy[0], &x[0], &mean[0], rows, c)
	case set == avx512:
		gradMaskTileAVX512(&sum[0], &dot[0], &dy[0], &y[0], &x[0], &mean[0], rows, c)
	case set == avx2 && y == nil:
		gradTileAVX2(&sum[0], &dot[0], &dy[0], &x[0], &mean[0], rows, c)
	case set == avx2:
		gradMaskTileAVX2(&sum[0], &dot[0], &dy[0], &y[0], &x[0], &mean[0], rows, c)
	default:
		gradTileGeneric(sum, dot, dy, y, x, mean)
	}
}

func affineTile(y, x []float32, t terms, relu bool) {
	c := len(t.mean)
	rows := len(x) / c
	switch set := columnPath(len(x), c); {
	case set == avx512 && relu:
		affineReLUTileAVX512(&y[0], &x[0], &t.mean[0], &t.scale[0], &t.shift[0], rows, c)
	case set == avx512:
		affineTileAVX512(&y[0], &x[0], &t.mean[0], &t.scale[0], &t.shift[0], rows, c)
	case set == avx2 && relu:
		affineReLUTileAVX2(&y[0], &x[0], &t.mean[0], &t.scale[0], &t.shift[0], rows, c)
	case set == avx2:
		affineTileAVX2(&y[0], &x[0], &t.mean[0], &t.scale[0], &t.shift[0], rows, c)
	default:
		affineTileGeneric(y, x, t, relu)
	}
}

func normGradTile(dx, dy, y, x []float32, k normGradient) {
	c := len(k.mean)
	rows := len(x) / c
	switch set := columnPath(len(x), c); {
	case set == avx512 && y == nil:
		normGradTileAVX512(&dx[0], &dy[0], &x[0], &k.mean[0], &k.scale[0], &k.k0[0], &k.k1[0], rows, c)
	case set == avx512:
		normGradMaskTileAVX512(&dx[0], &dy[0], &y[0], &x[0], &k.mean[0], &k.scale[0], &k.k0[0], &k.k1[0], rows, c)
	case set == avx2 && y == nil:
		normGradTileAVX2(&dx[0], &dy[0], &x[0], &k.mean[0], &k.scale[0], &k.k0[0], &k.k1[0], rows, c)
	case set == avx2:
		normGradMaskTileAVX2(&dx[0], &dy[0], &y[0], &x[0], &k.mean[0], &k.scale[0], &k.k0[0], &k.k1[0], rows, c)
	default:
		normGradTileGeneric(dx, dy, y, x, k)
	}
}

func scaleGradTile(dx, dy, y, scale []float32) {
	c := len(scale)
	rows := len(dy) / c
	switch set := columnPath(len(dy), c); {
	case set == avx512 && y == nil:
		scaleGradTileAVX512(&dx[0], &dy[0], &scale[0], rows, c)
	case set == avx512:
		scaleGradMaskTileAVX512(&dx[0], &dy[0], &y[0], &scale[0], rows, c)
	case set == avx2 && y == nil:
		scaleGradTileAVX2(&dx[0], &dy[0], &scale[0], rows, c)
	case set == avx2:
		scaleGradMaskTileAVX2(&dx[0], &dy[0], &y[0], &scale[0], rows, c)
	default:
		scaleGradTileGeneric(dx, dy, y, scale)
	}
}

func momentRangeTile(sum, square, least, greatest, x, pivot []float32) {
	c := len(sum)
	switch columnPath(len(x), c) {
	case avx512:
		momentRangeTileAVX512(&sum[0], &square[0], &least[0], &greatest[0], &x[0], &pivot[0], len(x)/c, c)
	case avx2:
		momentRangeTileAVX2(&sum[0], &square[0], &least[0], &greatest[0], &x[0], &pivot[0], len(x)/c, c)
	default:
		momentRangeTileGeneric(sum, square, least, greatest, x, pivot)
	}
}

func gradQuantTile(sum, dot, dy, x []float32, g gate) {
	c := len(sum)
	switch columnPath(len(x), c) {
	case avx512:
		gradQuantTileAVX512(&sum[0], &dot[0], &dy[0], &x[0], &g.mean[0], &g.scale[0], &g.shift[0], &g.limit,
			len(x)/c, c)
	case avx2:
		gradQuantTileAVX2(&sum[0], &dot[0], &dy[0], &x[0], &g.mean[0], &g.scale[0], &g.shift[0], &g.limit, len(x)/c, c)
	default:
		gradQuantTileGeneric(sum, dot, dy, x, g)
	}
}

func normGradQuantTile(dx, dy, x []float32, g gate) {
	c := len(g.mean)
	switch columnPath(len(x), c) {
	case avx512:
		normGradQuantTileAVX512(&dx[0], &dy[0], &x[0], &g.mean[0], &g.scale[0], &g.shift[0], &g.k0[0], &g.k1[0],
			&g.limit, len(x)/c, c)
	case avx2:
		normGradQuantTileAVX2(&dx[0], &dy[0], &x[0], &g.mean[0], &g.scale[0], &g.shift[0], &g.k0[0], &g.k1[0],
			&g.limit, len(x)/c, c)
	default:
		normGradQuantTileGeneric(dx, dy, x, g)
	}
}
