package onnx

import "petrify/quantized"

func (w *writer) slice(n *quantized.Node, in []string, output string) string {
	var starts, ends, axes []int64
	for i, begin := range n.Begin {
		starts, ends = append(starts, int64(begin)), append(ends, int64(begin+n.Output.Shape[i]))
		axes = append(axes, int64(1+i))
	}
	return w.node("Slice", output, append(in, w.int64s(n.Name+"/starts", starts...), w.int64s(n.Name+"/ends", ends...),
		w.int64s(n.Name+"/axes", axes...)))
}

// pad writes its constant as the number of the grid that it is rounded to.
func (w *writer) pad(n *quantized.Node, in []string, output string) string {
	x, _ := w.model.Activation(n.Inputs[0])
	begin, end := []int64{0}, []int64{0}
	for i, b := range n.Begin {
		begin, end = append(begin, int64(b)), append(end, int64(n.Output.Shape[i]-b-x.Shape[i]))
	}
	in = append(in, w.int64s(n.Name+"/pads", append(begin, end...)...))
	if n.Value != 0 {
		in = append(in, w.floats(n.Name+"/value", []float32{n.Padding()}))
	}
	return w.node("Pad", output, in)
}

// shuffle reads the channels as groups × channels of a group, and transposes these.
func (w *writer) shuffle(n *quantized.Node, in []string, output string) string {
	shape := dims(n.Output.Shape)
	apart := append([]int64{-1, int64(n.Groups), shape[0] / int64(n.Groups)}, shape[1:]...)
	perm := []int{0, 2, 1}
	for i := range shape[1:] {
		perm = append(perm, 3+i)
	}
	x := w.node("Reshape", n.Name+"/grouped", append(in, w.int64s(n.Name+"/groups", apart...)))
	x = w.node("Transpose", n.Name+"/shuffled", []string{x}, intsAttribute("perm", perm...))
	return w.node("Reshape", output, []string{x, w.int64s(n.Name+"/shape", append([]int64{-1}, shape...)...)})
}
