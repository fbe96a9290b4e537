package onnx

import (
	"fmt"
	"slices"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// file builds the file's message.
func (w *writer) file() (*onnxpb.Model, error) {
	m := w.model
	w.graph.Name = m.Name
	w.input()
	for i := range m.Nodes {
		w.layer(&m.Nodes[i])
	}
	w.result()
	if w.err != nil {
		return nil, w.err
	}
	metadata, err := w.metadata(m)
	if err != nil {
		return nil, err
	}
	version := int64(7)
	if w.Opset >= 21 {
		version = 10
	}
	return &onnxpb.Model{
		IRVersion: version, Producer: "petrify", ProducerVersion: m.Origin.Version,
		Graph: w.graph, Opsets: []onnxpb.Opset{{Version: int64(w.Opset)}}, Metadata: metadata,
	}, nil
}

// input writes what happens before the first layer.
func (w *writer) input() {
	in := &w.model.Input
	real := "input"
	if w.Image {
		real = w.normalise(in)
	} else {
		real = w.arranged(in)
	}
	w.real[in.Name] = real
	if q := in.Quant; !q.IsFloat() {
		w.real[in.Name] = w.quantize(in.Name, real, q, q.Format.Min(), q.Format.Max(), in.Name+"/dequantized")
	}
}

// normalise writes r = (pixel·PixelScale − Mean) / Std for an image N H W C.
func (w *writer) normalise(in *quantized.Input) string {
	channels := int64(in.Shape[0])
	w.graph.Inputs = []onnxpb.Value{w.value(w.name("image"), onnxpb.Uint8, in.Shape[1], in.Shape[2], in.Shape[0])}
	x := w.node("Transpose", "image/channels_first", []string{"image"}, intsAttribute("perm", 0, 3, 1, 2))
	x = w.node("Cast", "image/real", []string{x}, intAttribute("to", int(onnxpb.Float)))
	x = w.node("Mul", "image/scaled", []string{x, w.floats("image/scale", []float32{in.PixelScale})})
	if len(in.Mean) == 0 {
		return x
	}
	shape := []int64{int64(len(in.Mean)), 1, 1}
	if len(in.Mean) > 1 {
		shape[0] = channels
	}
	x = w.node("Sub", "image/centred", []string{x, w.floats("image/mean", in.Mean, shape...)})
	return w.node("Div", "image/normalised", []string{x, w.floats("image/std", in.Std, shape...)})
}

// resultName is the name of the model's output.
func (w *writer) resultName() string {
	switch {
	case w.endsInSoftmax():
		return "probabilities"
	case len(w.model.Classes) > 0:
		return "logits"
	}
	return "output"
}

func (w *writer) endsInSoftmax() bool {
	return slices.ContainsFunc(w.model.Nodes, func(n quantized.Node) bool {
		return n.Name == w.model.Output && n.Op == quantized.Activate && n.Func == quantized.Softmax
	})
}

// result declares the file's output and writes what follows the model's output.
func (w *writer) result() {
	out, _ := w.model.Activation(w.model.Output)
	x := w.real[out.Name]
	switch w.Result {
	case Logits:
	case Probabilities:
		if !w.endsInSoftmax() {
			x = w.node("Softmax", "probabilities", []string{x}, intAttribute("axis", 1))
		}
	case Class:
		x = w.node("ArgMax", "class", []string{x}, intAttribute("axis", 1), intAttribute("keepdims", 0))
		w.graph.Outputs = []onnxpb.Value{w.value(x, onnxpb.Int64)}
		return
	default:
		panic(fmt.Sprintf("onnx: no output for %v", w.Result))
	}
	w.graph.Outputs = []onnxpb.Value{w.value(x, onnxpb.Float, out.Shape...)}
}
