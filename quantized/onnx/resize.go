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
