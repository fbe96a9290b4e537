package kernel

// affineTileGeneric is y = (x − mean)·scale + shift, rectified if relu. A
// rectified NaN stays NaN.
func affineTileGeneric(y, x, mean, scale, shift []float32, c int, relu bool) {
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			v = float32((v-mean[j])*scale[j]) + shift[j]
			if relu && v <= 0 {
				v = 0
			}
			y[r+j] = v
		}
	}
}

// normGradTileGeneric is dx = scale·((d − k0) − (x − mean)·k1), where d = dy,
// or +0 where y ≤ 0 if y is not nil.
func normGradTileGeneric(dx, dy, y, x, mean, scale, k0, k1 []float32, c int) {
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := dy[r+j]
			if y != nil && !(y[r+j] > 0) {
				d = 0
			}
			dx[r+j] = scale[j] * (d - k0[j] - float32((v-mean[j])*k1[j]))
		}
	}
}

// scaleGradTileGeneric is dx = d·scale, with d as in normGradTileGeneric.
func scaleGradTileGeneric(dx, dy, y, scale []float32, c int) {
	for r := 0; r < len(dy); r += c {
		for j, d := range dy[r : r+c] {
			if y != nil && !(y[r+j] > 0) {
				d = 0
			}
			dx[r+j] = d * scale[j]
		}
	}
}
