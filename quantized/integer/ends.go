package integer

import "petrify/internal/kernel"

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

// unload reads real numbers in the order of the memory.
func (v *value) unload(m *memory, y []float32, n int) {
	if v.bytes == nil {
		copy(y, m.floats(v.floats, n))
		return
	}
	kernel.DequantizeU8(y, m.bytes(v.bytes, n), v.grid.scale, v.grid.zero)
}

// store reads the output's real numbers, C H W.
func (v *value) store(m *memory, y []float32, n int) {
	l := v.layout()
	switch {
	case l.pixels == 1:
		v.unload(m, y, n)
	case v.bytes == nil:
		x := m.floats(v.floats, n)
		for i := range y {
			y[i] = x[l.of(i)]
		}
	default:
		q := m.bytes(v.bytes, n)
		for i := range y {
			y[i] = v.grid.real(int32(q[l.of(i)]))
		}
	}
}

// storeBytes reads the output's integers as the model's format stores them,
// C H W.
func (v *value) storeBytes(m *memory, y []uint8, n int) {
	l, q := v.layout(), m.bytes(v.bytes, n)
	for i := range y {
		y[i] = q[l.of(i)] - uint8(v.grid.shift)
	}
}
