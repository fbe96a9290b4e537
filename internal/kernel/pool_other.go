package kernel

func maxPoolRow(y []float32, arg []uint8, x []float32, g Pool, n, oh int) {
	maxPoolRowGeneric(y, arg, x, g, n, oh)
}

func maxPoolGradImage(dx, dy []float32, arg []uint8, g Pool) {
	maxPoolGradImageGeneric(dx, dy, arg, g)
}
