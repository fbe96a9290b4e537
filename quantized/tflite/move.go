package tflite

import "petrify/quantized/tflite/schema"

// frame puts a constant around the input.
func (w *writer) frame(l *layer) {
	pads := []int32{0, 0}
	for i := range l.Begin {
		axis := (i + 1) % len(l.Begin) // channels are last
		before := l.Begin[axis]
		pads = append(pads, int32(before), int32(l.Output.Shape[axis]-before-l.x.Shape[axis]))
	}
	shape := []int32{int32(len(pads) / 2), 2}
	in := []int32{l.in[0], w.constant(schema.Tensor{Name: l.Name + "/padding", Type: schema.Int32, Shape: shape},
		int32Bytes(pads))}
	code := schema.Pad
	if l.Value != 0 {
		code = schema.PadV2
		value, data := schema.Tensor{Name: l.Name + "/value", Shape: []int32{1}}, floatBytes([]float32{l.Value})
		if l.integers {
			value.Type, value.Quant = schema.Int8, quantOf(l.y.Quant)
			data = []byte{byte(l.PaddingInteger() + shift(l.y.Quant))}
		}
		in = append(in, w.constant(value, data))
	}
	w.operator(code, l.version(), in, l.out)
}

// crop takes a part of the channels, rows and columns.
func (w *writer) crop(l *layer) {
	begin, size := []int32{0}, []int32{-1}
	for i := range l.Begin {
		axis := (i + 1) % len(l.Begin) // channels are last
		begin, size = append(begin, int32(l.Begin[axis])), append(size, int32(l.Output.Shape[axis]))
	}
	in := []int32{l.in[0], w.int32s(l.Name+"/begin", begin...), w.int32s(l.Name+"/size", size...)}
	w.operator(schema.Slice, l.version(), in, l.out)
}

// shuffle reads the channels as groups × channels of a group, and transposes these.
func (w *writer) shuffle(l *layer) {
	groups, each := int32(l.Groups), int32(l.Output.Shape[0]/l.Groups)
	pixels := int32(w.Batch * elements(l.Output.Shape[1:]))
	grouped := w.like(l.Name+"/grouped", l.Output, []int32{pixels, groups, each})
	w.reshaped(l.Name+"/grouped", l.in[0], grouped)
	shuffled := w.like(l.Name+"/shuffled", l.Output, []int32{pixels, each, groups})
	w.operator(schema.Transpose, l.version(), []int32{grouped, w.int32s(l.Name+"/permutation", 0, 2, 1)}, shuffled)
	w.reshaped(l.Name, shuffled, l.out)
}
