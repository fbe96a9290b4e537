package kernel

// reluGeneric is the loop that every path of [ReLU] computes. A zero result
// is +0; a NaN fails both comparisons and passes.
func reluGeneric(y, x []float32, ceiling float32) {
	for i, r := range x {
		switch {
		case r <= 0:
			y[i] = 0
		case r > ceiling:
			y[i] = ceiling
		default:
			y[i] = r
		}
	}
}

// addGeneric is the loop that every path of [Add] computes.
func addGeneric(y, a, b []float32) {
	for i := range y {
		y[i] = a[i] + b[i]
	}
}

// addReLUGeneric is the loop that every path of [AddReLU] computes.
func addReLUGeneric(y, a, b []float32, ceiling float32) {
	addGeneric(y, a, b)
	reluGeneric(y, y, ceiling)
}

// reluGradGeneric is the loop that every path of [ReLUGrad] computes.
func reluGradGeneric(dx, dy, x []float32, ceiling float32) {
	for i, r := range x {
		if r > 0 && r < ceiling {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}
