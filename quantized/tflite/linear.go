package tflite

import (
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// A linear layer with a scale for each output is a convolution of an image of
// one pixel. Only the latest runtimes support several scales in
// FULLY_CONNECTED: others use the first one for all, or compute in another
// arithmetic.
//
// With weights packed two to a byte it is the other way round. Only the latest
// runtimes accept them, and XNNPACK only in FULLY_CONNECTED, so pointwise
// convolutions become linear layers of every pixel.

// asConvolution reports whether a linear layer is written as a convolution.
func (w *writer) asConvolution(n *quantized.Node) bool {
	return n.Op == quantized.Linear && n.Weights.Axis == 0 && integers(w.model, n) && !(w.Int4 && packs(n))
}

// asLinear reports whether a layer is written as FULLY_CONNECTED.
func (w *writer) asLinear(n *quantized.Node) bool {
	return n.Op == quantized.Linear && !w.asConvolution(n) ||
		w.Int4 && n.Pointwise() && packs(n) && integers(w.model, n)
}

// makesPixels reports whether a layer gives a vector that is written as an image
// of one pixel, because only convolutions read it.
func (w *writer) makesPixels(n *quantized.Node) bool {
	shapes := len(n.Output.Shape) == 1 && (n.Op == quantized.Flatten || n.Op == quantized.Reshape)
	if !shapes && !w.asConvolution(n) || n.Name == w.model.Output {
		return false
	}
	for _, r := range w.readers[n.Name] {
		if !w.asConvolution(r) {
			return false
		}
	}
	return true
}

// pixel is the shape of a vector as an image of one pixel.
func (w *writer) pixel(a quantized.Activation) []int32 {
	return []int32{int32(w.Batch), 1, 1, int32(a.Shape[0])}
}

func (w *writer) linear(l *layer) {
	if w.asLinear(l.Node) {
		w.fullyConnected(l)
		return
	}
	x, y := l.in[0], l.out
	if !w.pixels[l.x.Name] {
		x = w.like(l.Name+"/pixel", l.x.Activation, w.pixel(l.x.Activation))
		w.reshaped(l.Name+"/pixel", l.in[0], x)
	}
	if !w.pixels[l.Name] {
		y = w.like(l.Name+"/features", l.y.Activation, w.pixel(l.y.Activation))
	}
	w.operator(schema.Conv2D, 3, []int32{x, w.weights(l), w.bias(l)}, y,
		attribute("padding", schema.Valid), attribute("stride_w", 1), attribute("stride_h", 1), fused(l.Func),
		attribute("dilation_w_factor", 1), attribute("dilation_h_factor", 1))
	if y != l.out {
		w.reshaped(l.Name+"/features", y, l.out)
	}
}

func (w *writer) fullyConnected(l *layer) {
	version := int32(1)
	if l.integers {
		version = w.weightVersion(l, 4, 10)
	}
	attributes := []schema.Attribute{fused(l.Func)}
	if len(l.Output.Shape) > 1 {
		attributes = append(attributes, attribute("keep_num_dims", 1))
	}
	w.operator(schema.FullyConnected, version, []int32{l.in[0], w.weights(l), w.bias(l)}, l.out, attributes...)
}
