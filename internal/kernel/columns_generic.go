package kernel

// sumTileGeneric is sum[j] = Σ x[r,j] over the rows of a tile.
func sumTileGeneric(sum, x []float32) {
	c := len(sum)
	clear(sum)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			sum[j] += v
		}
	}
}

// momentTileGeneric is sum[j] = Σ d and square[j] = Σ d² of the deviations
// d = x[r,j] − pivot[j].
func momentTileGeneric(sum, square, x, pivot []float32) {
	c := len(sum)
	clear(sum)
	clear(square)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := v - pivot[j]
			sum[j] += d
			square[j] += float32(d * d)
		}
	}
}

// gradTileGeneric is sum[j] = Σ d[r,j] and dot[j] = Σ d[r,j]·(x[r,j] − mean[j]),
// where d = dy, or +0 where y ≤ 0 if y is not nil.
func gradTileGeneric(sum, dot, dy, y, x, mean []float32) {
	c := len(sum)
	clear(sum)
	clear(dot)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := dy[r+j]
			if y != nil && !(y[r+j] > 0) {
				d = 0
			}
			sum[j] += d
			dot[j] += float32(d * (v - mean[j]))
		}
	}
}

// momentRangeTileGeneric is momentTileGeneric, but also includes the tile in
// the range least[j] to greatest[j]. NaN fails both comparisons.
func momentRangeTileGeneric(sum, square, least, greatest, x, pivot []float32) {
	momentTileGeneric(sum, square, x, pivot)
	rangeTileGeneric(least, greatest, x)
}

func rangeTileGeneric(least, greatest, x []float32) {
	c := len(least)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			if v < least[j] {
				least[j] = v
			}
			if v > greatest[j] {
				greatest[j] = v
			}
		}
	}
}
