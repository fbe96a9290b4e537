package integer

import (
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
	"petrify/quantized"
)

// value is an activation of the model and its place in memory. A quantized one
// is in bytes; if a float layer reads or writes it, it is in floats too.
type value struct {
	shape  []int // C H W, as the model says
	grid   grid
	bytes  *tensor // nil where not quantized
	floats *tensor // nil where nothing needs it

	// planes, for a vector, is the number of pixels of the image that it was:
	// its elements are H W C in memory, though C H W in the model. 1: the order
	// is the model's.
	planes int
}

// images returns n images of the quantized value.
func (v *value) images(m *memory, n int) kernel.Images[uint8] {
	return kernel.Images[uint8]{Q: m.bytes(v.bytes, n), Zero: v.grid.zero}
}

// channels is the length of the last axis in memory.
func (v *value) channels() int { return v.shape[0] }

// tensor is the value's memory as the model says it is.
func (v *value) tensor() *tensor {
	if v.bytes != nil {
		return v.bytes
	}
	return v.floats
}

// elements is the number of elements.
func (v *value) elements() int { return elements(v.shape) }

// pixels is the number of consecutive elements of each channel.
func (v *value) pixels() int { return elements(v.shape[1:]) }

// layout is the order of an image's elements in memory.
type layout struct{ pixels, channels int }

func (v *value) layout() layout { return layout{v.pixels(), v.channels()} }

// of is the place in memory of element i of images C H W.
func (l layout) of(i int) int {
	at := i % (l.pixels * l.channels)
	return i - at + at%l.pixels*l.channels + at/l.pixels
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// grid is an activation's quantizer, shifted so that its integers are unsigned
// bytes: a signed format by 128.
//
//	r = scale · (q − zero)        min ≤ q ≤ max
type grid struct {
	scale          float32
	zero, min, max int32
	shift          int32 // what was added to the model's q
}

// kernel is the grid without the shift.
func (g grid) kernel() kernel.Grid {
	return kernel.Grid{Scale: g.scale, Zero: g.zero, Min: g.min, Max: g.max}
}

// gridOf shifts a quantizer whose integers are limited to lo..hi.
func gridOf(q quantized.Quant, lo, hi int32) grid {
	var shift int32
	if !q.Format.Unsigned {
		shift = 128
	}
	return grid{q.Scale, q.Zero + shift, lo + shift, hi + shift, shift}
}

// real is r of the integer q.
func (g grid) real(q int32) float32 { return affine.Dequantize(q, g.scale, g.zero) }

// quantize is q of the real number r.
func (g grid) quantize(r float32) uint8 {
	q := affine.Quantize(r, g.scale, g.zero, affine.Uint8)
	return uint8(min(max(q, g.min), g.max))
}

// same reports whether two grids give the same bytes the same meaning.
func (g grid) same(h grid) bool { return g.scale == h.scale && g.zero == h.zero }

// within reports whether every byte of g also occurs in h, with the same
// meaning.
func (g grid) within(h grid) bool { return g.same(h) && g.min >= h.min && g.max <= h.max }

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
