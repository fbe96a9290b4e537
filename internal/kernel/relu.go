package kernel

// Add is y[i] = a[i] + b[i]. y may be a or b.
func Add(y, a, b []float32) {
	checkLen("Add", "a", len(a), len(y))
	checkLen("Add", "b", len(b), len(y))
	blocks(len(y), block, func(lo, hi int) { addBlock(y[lo:hi], a[lo:hi], b[lo:hi]) })
}

// AddReLU is [Add] followed by [ReLU] in one pass. y may be a or b.
func AddReLU(y, a, b []float32, ceiling float32) {
	checkLen("AddReLU", "a", len(a), len(y))
	checkLen("AddReLU", "b", len(b), len(y))
	blocks(len(y), block, func(lo, hi int) { addReLUBlock(y[lo:hi], a[lo:hi], b[lo:hi], ceiling) })
}

// ReLU is y[i] = min(max(x[i], 0), ceiling): ceiling +Inf for ReLU, 6 for
// ReLU6. NaN stays NaN, so that a broken step shows in the loss. y may be x.
func ReLU(y, x []float32, ceiling float32) {
	checkLen("ReLU", "y", len(y), len(x))
	blocks(len(x), block, func(a, b int) { reluBlock(y[a:b], x[a:b], ceiling) })
}

// ReLUGrad is dx[i] = dy[i] where 0 < x[i] < ceiling, +0 elsewhere. x may be
// the input or the output of [ReLU]. dx may be dy.
func ReLUGrad(dx, dy, x []float32, ceiling float32) {
	checkLen("ReLUGrad", "dx", len(dx), len(x))
	checkLen("ReLUGrad", "dy", len(dy), len(x))
	blocks(len(x), block, func(a, b int) { reluGradBlock(dx[a:b], dy[a:b], x[a:b], ceiling) })
}
