package tflite

import (
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// resize repeats elements. Runtimes multiply places by a float32, 1/factor, and
// round down: with half pixels added first, no place is near a whole number.
func (w *writer) resize(l *layer) {
	size := w.int32s(l.Name+"/size", dims(l.Output.Shape[1:])...)
	w.operator(schema.ResizeNearest, 3, []int32{l.in[0], size}, l.out,
		attribute("align_corners", 0), attribute("half_pixel_centers", 1))
}

// stretch puts zeros after each pixel, and then after each row: as channels that
// follow the others, the last ones in memory.
func (w *writer) stretch(l *layer) {
	c, h, width := int32(l.x.Shape[0]), int32(l.x.Shape[1]), int32(l.x.Shape[2])
	rows, columns := int32(l.Output.Shape[1])/h, int32(l.Output.Shape[2])/width
	x := l.in[0]
	next := func(name string, shape ...int32) int32 {
		a := l.Output
		if !l.integers {
			a.Quant = quantized.Quant{}
		}
		return w.like(l.Name+"/"+name, a, append([]int32{int32(w.Batch)}, shape...))
	}
	pad := func(name string, more int32, shape ...int32) {
		if more == 0 {
			return
		}
		shape[2] += more
		y := next(name, shape...)
		w.operator(schema.Pad, l.version(), []int32{x, w.constant(schema.Tensor{Name: l.Name + "/" + name + "/padding",
			Type: schema.Int32, Shape: []int32{4, 2}}, int32Bytes([]int32{0, 0, 0, 0, 0, 0, 0, more}))}, y)
		x = y
	}
	pad("pixels", (columns-1)*c, h, width, c)
	y := next("rows", h, 1, width*columns*c)
	w.reshaped(l.Name+"/rows", x, y)
	x = y
	pad("padded", (rows-1)*width*columns*c, h, 1, width*columns*c)
	w.reshaped(l.Name, x, l.out)
}
