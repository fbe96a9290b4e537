package integer

import (
	"petrify/internal/kernel"
)

// load writes real numbers into the input's memory.
func (v *value) load(m *memory, x []float32, n int) {
	if v.bytes == nil {
		copy(m.floats(v.floats, n), x)
		return
	}
	kernel.QuantizeU8(m.bytes(v.bytes, n), x, v.grid.kernel())
}

// loadBytes writes integers, as the model's format stores them, into the
// input's memory.
func (v *value) loadBytes(m *memory, x []uint8, n int) {
	q := m.bytes(v.bytes, n)
	for i, b := range x {
		q[i] = min(max(b+uint8(v.grid.shift), uint8(v.grid.min)), uint8(v.grid.max))
	}
}

// store reads the output's real numbers, C H W.
func (v *value) store(m *memory, y []float32, n int) {
	pixels, channels := v.pixels(), v.channels()
	switch {
	case v.bytes == nil && pixels == 1:
		copy(y, m.floats(v.floats, n))
	case v.bytes == nil:
		planar(y, m.floats(v.floats, n), n, pixels, channels)
	case pixels == 1:
		kernel.DequantizeU8(y, m.bytes(v.bytes, n), v.grid.scale, v.grid.zero)
	default:
		q := m.bytes(v.bytes, n)
		for i := range y {
			y[i] = v.grid.real(int32(q[place3(i, pixels, channels)]))
		}
	}
}

// storeBytes reads the output's integers as the model's format stores them,
// C H W.
func (v *value) storeBytes(m *memory, y []uint8, n int) {
	pixels, channels := v.pixels(), v.channels()
	q := m.bytes(v.bytes, n)
	for i := range y {
		y[i] = q[place3(i, pixels, channels)] - uint8(v.grid.shift)
	}
}

// place3 is the position of element i of an image C × pixels in an image pixels
// × C.
func place3(i, pixels, channels int) int {
	size := pixels * channels
	at := i % size
	return i - at + at%pixels*channels + at/pixels
}

func planar(y, x []float32, n, pixels, channels int) {
	for i := range n * pixels * channels {
		y[i] = x[place3(i, pixels, channels)]
	}
}
