package kernel

// value is v of channel j.
func (t terms) value(x float32, j int) float32 {
	return float32((x-t.mean[j])*t.scale[j]) + t.shift[j]
}

// affineTileGeneric is y = (x − mean)·scale + shift, rectified if relu. A
// rectified NaN stays NaN.
func affineTileGeneric(y, x []float32, t terms, relu bool) {
	c := len(t.mean)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			v = t.value(v, j)
			if relu && v <= 0 {
				v = 0
			}
			y[r+j] = v
		}
	}
}

// normGradTileGeneric is dx = scale·((d − k0) − (x − mean)·k1), where d = dy,
// or +0 where y ≤ 0 if y is not nil.
func normGradTileGeneric(dx, dy, y, x []float32, k normGradient) {
	c := len(k.mean)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			d := dy[r+j]
			if y != nil && !(y[r+j] > 0) {
				d = 0
			}
			dx[r+j] = k.scale[j] * (d - k.k0[j] - float32((v-k.mean[j])*k.k1[j]))
		}
	}
}

// scaleGradTileGeneric is dx = d·scale, with d as in normGradTileGeneric.
func scaleGradTileGeneric(dx, dy, y, scale []float32) {
	c := len(scale)
	for r := 0; r < len(dy); r += c {
		for j, d := range dy[r : r+c] {
			if y != nil && !(y[r+j] > 0) {
				d = 0
			}
			dx[r+j] = d * scale[j]
		}
	}
}
