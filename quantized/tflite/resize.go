package tflite

import "petrify/quantized/tflite/schema"

// resize repeats elements. Runtimes multiply places by a float32, 1/factor, and
// round down: with half pixels added first, no place is near a whole number.
func (w *writer) resize(l *layer) {
	size := w.int32s(l.Name+"/size", dims(l.Output.Shape[1:])...)
	w.operator(schema.ResizeNearest, 3, []int32{l.in[0], size}, l.out,
		attribute("align_corners", 0), attribute("half_pixel_centers", 1))
}
