//go:build !amd64 || noasm

package kernel

func maxPoolRow(y []float32, arg []uint8, x []float32, g Pool, n, oh int) {
	maxPoolRowGeneric(y, arg, x, g, n, oh)
}

func maxPoolGradImage(dx, dy []float32, arg []uint8, g Pool) {
	maxPoolGradImageGeneric(dx, dy, arg, g)
}

func normPoolRow(y, top []float32, arg []uint8, x, mean, scale, shift []float32, g Pool, n, oh int) {
	normPoolRowGeneric(y, top, arg, x, mean, scale, shift, g, n, oh)
}

func normPoolGradImage(dx, dy, y []float32, arg []uint8, x, mean []float32, k normGradient, g Pool) {
	normPoolGradImageGeneric(dx, dy, y, arg, x, mean, k, g)
}

func maxBytesRow[Q Byte](y, x []Q, g Pool, oh int, _ innerWindows) {
	maxBytesRowGeneric(y, x, g, oh, 0, g.OW())
}

func quantPoolRow(y, top []float32, q, arg []uint8, x []float32, norm normQuant, g Pool, n, oh int) {
	quantPoolRowGeneric(y, top, q, arg, x, norm, g, n, oh)
}

func quantPoolGradImage(dx, dy, top []float32, arg []uint8, x []float32, norm normQuant, k normGradient, g Pool) {
	quantPoolGradImageGeneric(dx, dy, top, arg, x, norm, k, g)
}
