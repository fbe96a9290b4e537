package onnx

import (
	"fmt"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// InputLayout is the order of the axes of a file's input.
type InputLayout uint8

// The layouts. A signal is an image of height 1.
const (
	NCHW InputLayout = iota // the model's: N C H W, or N F of features
	NHWC
	NCL
	NLC
)

// layouts names the layouts, and gives the permutation that brings one to
// channels first; nil: it is so already.
var layouts = [...]struct {
	name   string
	perm   []int
	signal bool
}{NCHW: {name: "nchw"}, NHWC: {"nhwc", []int{0, 3, 1, 2}, false}, NCL: {"ncl", nil, true},
	NLC: {"nlc", []int{0, 2, 1}, true}}

// InputLayouts lists the names of the layouts.
func InputLayouts() (names []string) {
	for _, l := range layouts {
		names = append(names, l.name)
	}
	return names
}

// Suits is an error if an input of the shape has no such layout.
func (l InputLayout) Suits(in *quantized.Input) error {
	if l != NCHW && (len(in.Shape) != 3 || layouts[l].signal && in.Shape[1] != 1) {
		return fmt.Errorf("shape %v has no layout %s", in.Shape, layouts[l].name)
	}
	return nil
}

// arranged declares the input in the wanted layout and brings it to the model's.
func (w *writer) arranged(in *quantized.Input) string {
	l := layouts[w.InputLayout]
	x, shape := w.name("input"), in.Shape
	if l.signal {
		shape = []int{in.Shape[0], in.Shape[2]}
	}
	wanted := append([]int(nil), shape...)
	if l.perm != nil { // channels last
		wanted = append(wanted[1:], wanted[0])
	}
	w.graph.Inputs = []onnxpb.Value{w.value(x, onnxpb.Float, wanted...)}
	if l.perm != nil {
		x = w.node("Transpose", "input/channels_first", []string{x}, intsAttribute("perm", l.perm...))
	}
	if l.signal {
		x = w.node("Unsqueeze", "input/image", []string{x, w.int64s("input/axes", 2)})
	}
	return x
}
