package onnx

import (
	"slices"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// container is how an activation's integers are written: their type, its
// least and greatest number, and what is added to a q of the model.
type container struct {
	t        onnxpb.DataType
	min, max int32
	shift    int32
}

func (o Options) container(q quantized.Quant) container {
	c := container{t: onnxpb.Uint8, max: 255}
	if o.Signed {
		c = container{t: onnxpb.Int8, min: -128, max: 127}
	}
	switch {
	case q.Format.Unsigned && o.Signed:
		c.shift = -128
	case !q.Format.Unsigned && !o.Signed:
		c.shift = 128
	}
	return c
}

// quantize writes Q and DQ, and between them a Clip to lo..hi unless the
// container's range is that already. It returns the value after the DQ, called
// output. Int8 may need more; see [writer.passage].
func (w *writer) quantize(name, real string, q quantized.Quant, lo, hi int32, output string) string {
	c := w.container(q)
	scale := w.floats(name+"/scale", []float32{q.Scale})
	zero := w.integer(name+"/zero", c.t, q.Zero+c.shift)
	x := w.node("QuantizeLinear", name+"/quantized", []string{real, scale, zero})
	limited := lo+c.shift != c.min || hi+c.shift != c.max
	if w.Signed && (limited || w.readers[name] > 1 || w.tapped && name != w.model.Output) {
		x = w.node("DequantizeLinear", name+"/rounded", []string{x, scale, zero})
		var limits []float32
		if limited {
			limits = []float32{q.Scale * float32(lo-q.Zero), q.Scale * float32(hi-q.Zero)}
		}
		return w.passage(name, x, limits, output)
	}
	if lo, hi = lo+c.shift, hi+c.shift; limited {
		least := w.integer(name+"/min", c.t, lo)
		greatest := w.integer(name+"/max", c.t, hi)
		x = w.node("Clip", name+"/clipped", []string{x, least, greatest})
	}
	return w.node("DequantizeLinear", output, []string{x, scale, zero})
}

// weights writes the weights of n and returns the value of their real numbers.
// With transpose, which is for linear layers in blocks, they are written F O.
func (w *writer) weights(n *quantized.Node, transpose bool) string {
	p, name := n.Weights, n.Name+"/weight"
	if p.Q == nil {
		return w.floats(name, p.Float, dims(p.Shape)...)
	}
	layout := layoutOf(p, transpose)
	t, shift := w.weightType(n)
	inputs := []string{
		w.constant(name+"/quantized", t, dims(layout.shape), packed(t, layout.integers(p), shift)),
		w.floats(name+"/scale", layout.scales(p.Scale), layout.scaleDims...),
	}
	if zeros := zeroPoints(n, shift); zeros != nil {
		inputs = append(inputs, w.constant(name+"/zero", t, layout.scaleDims, packed(t, layout.zeros(zeros), shift)))
	}
	var attributes []onnxpb.Attribute
	if p.Axis >= 0 {
		attributes = append(attributes, intAttribute("axis", layout.axis))
	}
	if p.Block > 0 {
		attributes = append(attributes, intAttribute("block_size", p.Block))
	}
	return w.node("DequantizeLinear", name, inputs, attributes...)
}

// zeroPoints returns the zero points of the weights of n; nil if they are left
// out because they are zero, in the file as well. For linear layers they are
// always written, since ONNX Runtime does not turn Gemm into an integer kernel
// without them.
func zeroPoints(n *quantized.Node, shift int32) []int32 {
	if n.Weights.Zero == nil && (n.Op == quantized.Linear || shift != 0) {
		return make([]int32, len(n.Weights.Scale))
	}
	return n.Weights.Zero
}

// weightType is int8 or uint8, with what is added to the integers; with opset 21,
// weights of up to 4 bits in a layer that computes with floats are packed two to a
// byte. Integer kernels want whole bytes, and int8 where the activations are.
func (w *writer) weightType(n *quantized.Node) (t onnxpb.DataType, shift int32) {
	f := n.Weights.Format
	x, _ := w.model.Activation(n.Inputs[0])
	pack := w.Opset >= 21 && f.Bits <= 4 && (x.Quant.IsFloat() || n.Weights.Block > 0)
	switch {
	case pack && f.Unsigned:
		return onnxpb.Uint4, 0
	case pack:
		return onnxpb.Int4, 0
	case f.Unsigned && w.Signed:
		return onnxpb.Int8, -128
	case f.Unsigned:
		return onnxpb.Uint8, 0
	default:
		return onnxpb.Int8, 0
	}
}

// packed returns numbers plus a shift as bytes, two to a byte for 4-bit types,
// the first in the low half.
func packed(t onnxpb.DataType, values []int32, shift int32) []byte {
	values = slices.Clone(values)
	for i := range values {
		values[i] += shift
	}
	if t != onnxpb.Int4 && t != onnxpb.Uint4 {
		return integers(t, values...)
	}
	raw := make([]byte, (len(values)+1)/2)
	for i, v := range values {
		raw[i/2] |= byte(v&15) << (4 * (i % 2))
	}
	return raw
}

// bias writes the bias of n and returns the value of its real numbers.
func (w *writer) bias(n *quantized.Node) string {
	b, name := n.Bias, n.Name+"/bias"
	if b.Q == nil {
		return w.floats(name, b.Float, int64(len(b.Float)))
	}
	q := w.constant(name+"/quantized", onnxpb.Int32, []int64{int64(len(b.Q))}, integers(onnxpb.Int32, b.Q...))
	if n.Weights.Axis < 0 {
		return w.node("DequantizeLinear", name, []string{q, w.floats(name+"/scale", b.Scale[:1])})
	}
	scale := w.floats(name+"/scale", b.Scale, int64(len(b.Scale)))
	return w.node("DequantizeLinear", name, []string{q, scale}, intAttribute("axis", 0))
}
