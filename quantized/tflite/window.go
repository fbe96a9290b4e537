package tflite

import (
	"encoding/binary"
	"math"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// explicit is a padding that must be written as an operator.
const explicit = -1

// padding is how TensorFlow Lite expresses a window's padding on an image C H
// W: "valid", "same", or explicit. "same" pads so that H' = ⌈H/stride⌉, with
// the odd row after the image:
//
//	total = (⌈H/stride⌉ − 1)·stride + extent − H    before = ⌊total/2⌋
//
// Where total is negative, as a stride beyond the kernel can make it, it counts as
// 0; but TensorFlow Lite of 2023 reads other pixels then, and "same" is not used.
func padding(win quantized.Window, shape []int) int {
	if win.PadBegin == [2]int{} && win.PadEnd == [2]int{} {
		return schema.Valid
	}
	for i := range 2 {
		size, stride := shape[1+i], win.Stride[i]
		extent := (win.Kernel[i]-1)*max(1, win.Dilation[i]) + 1
		total := ((size+stride-1)/stride-1)*stride + extent - size
		if total < 0 || win.PadBegin[i] != total/2 || win.PadEnd[i] != total-total/2 {
			return explicit
		}
	}
	return schema.Same
}

// padded is the attribute of a layer's padding, and its input: if no attribute
// expresses the padding, an operator pads the input.
func (w *writer) padded(l *layer) (scheme int, x int32) {
	scheme = padding(l.Window, l.x.Shape)
	if scheme != explicit {
		return scheme, l.in[0]
	}
	_, x = w.pad(l)
	return schema.Valid, x
}

// pad adds the operator that pads a layer's input.
func (w *writer) pad(l *layer) (a quantized.Activation, x int32) {
	win := l.Window
	a = l.x.Activation
	a.Shape = []int{a.Shape[0], a.Shape[1] + win.PadBegin[0] + win.PadEnd[0],
		a.Shape[2] + win.PadBegin[1] + win.PadEnd[1]}
	pads := []int32{0, 0, int32(win.PadBegin[0]), int32(win.PadEnd[0]), int32(win.PadBegin[1]),
		int32(win.PadEnd[1]), 0, 0}
	in := []int32{l.in[0], w.constant(schema.Tensor{Name: l.Name + "/padding", Type: schema.Int32,
		Shape: []int32{4, 2}}, int32Bytes(pads))}
	code := schema.Pad // with zeros
	if l.Op == quantized.MaxPool {
		code = schema.PadV2 // with the least number, which never is the greatest
		in = append(in, w.leastNumber(l))
	}
	if l.integers {
		x = w.integer(l.Name+"/padded", a)
	} else {
		x = w.float(l.Name+"/padded", a)
	}
	w.operator(code, l.version(), in, x)
	return a, x
}

// leastNumber is a constant in the type of the layer's input.
func (w *writer) leastNumber(l *layer) int32 {
	t := schema.Tensor{Name: l.Name + "/least", Shape: []int32{1}}
	if l.integers {
		t.Type, t.Quant = schema.Int8, quantOf(l.x.Quant)
		return w.constant(t, []byte{1 << 7})
	}
	return w.constant(t, binary.LittleEndian.AppendUint32(nil, math.Float32bits(-math.MaxFloat32)))
}
