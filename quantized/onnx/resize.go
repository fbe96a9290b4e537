package onnx

import (
	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// resize repeats elements: element h of an axis is element ⌊h/factor⌋.
func (w *writer) resize(n *quantized.Node, in []string, output string) string {
	x, _ := w.model.Activation(n.Inputs[0])
	scales := w.floats(n.Name+"/factors", []float32{1, 1, float32(n.Output.Shape[1] / x.Shape[1]),
		float32(n.Output.Shape[2] / x.Shape[2])}, 4)
	return w.node("Resize", output, []string{in[0], "", scales}, textAttribute("mode", "nearest"),
		textAttribute("coordinate_transformation_mode", "asymmetric"), textAttribute("nearest_mode", "floor"))
}

func textAttribute(name, v string) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.StringAttribute, String: v}
}

// stretch puts zeros after each row and each column: it pads each pixel, as an image
// of one.
func (w *writer) stretch(n *quantized.Node, in []string, output string) string {
	x, _ := w.model.Activation(n.Inputs[0])
	rows, columns := n.Output.Shape[1]/x.Shape[1], n.Output.Shape[2]/x.Shape[2]
	y := w.node("Reshape", n.Name+"/pixels", []string{in[0], w.int64s(n.Name+"/pixels_shape", -1, int64(x.Shape[0]),
		int64(x.Shape[1]), 1, int64(x.Shape[2]), 1)})
	y = w.node("Pad", n.Name+"/padded", []string{y, w.int64s(n.Name+"/padding", 0, 0, 0, 0, 0, 0, 0, 0, 0,
		int64(rows-1), 0, int64(columns-1))})
	return w.reshape(n, []string{y}, output)
}
