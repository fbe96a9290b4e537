//go:build !amd64 || noasm

package kernel

func sumTile(sum, x []float32, c int) { sumTileGeneric(sum, x, c) }

func momentTile(sum, square, x, pivot []float32, c int) {
	momentTileGeneric(sum, square, x, pivot, c)
}

func gradTile(sum, dot, dy, y, x, mean []float32, c int) {
	gradTileGeneric(sum, dot, dy, y, x, mean, c)
}

func affineTile(y, x, mean, scale, shift []float32, c int, relu bool) {
	affineTileGeneric(y, x, mean, scale, shift, c, relu)
}

func normGradTile(dx, dy, y, x, mean, scale, k0, k1 []float32, c int) {
	normGradTileGeneric(dx, dy, y, x, mean, scale, k0, k1, c)
}

func scaleGradTile(dx, dy, y, scale []float32, c int) { scaleGradTileGeneric(dx, dy, y, scale, c) }

func momentRangeTile(sum, square, least, greatest, x, pivot []float32, c int) {
	momentRangeTileGeneric(sum, square, least, greatest, x, pivot, c)
}

func gradQuantTile(sum, dot, dy, x []float32, n normQuant, c int) {
	gradQuantTileGeneric(sum, dot, dy, x, n, c)
}

func normGradQuantTile(dx, dy, x []float32, n normQuant, k normGradient, c int) {
	normGradQuantTileGeneric(dx, dy, x, n, k, c)
}
