//go:build (!amd64 && !arm64) || noasm

package kernel

func sumTile(sum, x []float32) { sumTileGeneric(sum, x) }

func momentTile(sum, square, x, pivot []float32) { momentTileGeneric(sum, square, x, pivot) }

func gradTile(sum, dot, dy, y, x, mean []float32) { gradTileGeneric(sum, dot, dy, y, x, mean) }

func affineTile(y, x []float32, t terms, relu bool) { affineTileGeneric(y, x, t, relu) }

func normGradTile(dx, dy, y, x []float32, k normGradient) { normGradTileGeneric(dx, dy, y, x, k) }

func scaleGradTile(dx, dy, y, scale []float32) { scaleGradTileGeneric(dx, dy, y, scale) }

func momentRangeTile(sum, square, least, greatest, x, pivot []float32) {
	momentRangeTileGeneric(sum, square, least, greatest, x, pivot)
}

func gradQuantTile(sum, dot, dy, x []float32, g gate) { gradQuantTileGeneric(sum, dot, dy, x, g) }

func normGradQuantTile(dx, dy, x []float32, g gate) { normGradQuantTileGeneric(dx, dy, x, g) }
