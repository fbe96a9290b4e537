//go:build (!amd64 && !arm64) || noasm

package kernel

// GradOverX reports whether [BatchNormReLUMaxPoolBackward] and
// [BatchNormReLUQuantMaxPoolBackward] may write dx over x.
func (Pool) GradOverX() bool { return false }

func maxPoolRow(y []float32, arg []uint8, x []float32, g Pool, n, oh int) {
	maxPoolRowGeneric(y, arg, x, g, n, oh)
}

func maxPoolGradImage(dx, dy []float32, arg []uint8, g Pool) {
	maxPoolGradImageGeneric(dx, dy, arg, g)
}

func normPoolRow(m Maxima, x []float32, t terms, g Pool, oh int) { normPoolRowGeneric(m, x, t, g, oh) }

func normPoolGradImage(dx, dy []float32, m Maxima, x []float32, k normGradient, g Pool) {
	normPoolGradImageGeneric(dx, dy, m, x, k, g)
}

func maxBytesRow(y, x []uint8, g Pool, oh int, _ innerWindows) {
	maxBytesRowGeneric(y, x, g, oh, 0, g.OW())
}

func quantPoolRow(m Maxima, q []uint8, x []float32, t quantTerms, g Pool, oh int) {
	quantPoolRowGeneric(m, q, x, t, g, oh)
}

func quantPoolGradImage(dx, dy []float32, m Maxima, x []float32, k gate, g Pool) {
	quantPoolGradImageGeneric(dx, dy, m, x, k, g)
}
