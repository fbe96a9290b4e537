package onnx

import (
	"encoding/binary"
	"math"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// layerNorm writes a layer normalisation as operators on float64, each of which rounds
// as the definition does: LayerNormalization's sums, in float32, would be near it, and
// the integers after them differ at ties. Of a quantized input, whole numbers are added,
// exactly and so in any order; Round takes back what the multiplication by the scale
// has rounded.
func (w *writer) layerNorm(n *quantized.Node, in []string, output string) string {
	x, _ := w.model.Activation(n.Inputs[0])
	l := normWriter{w, n, x.Shape}
	count, channels := l.constant("channels", float64(x.Shape[0])), x.Shape[0]
	var centred, variance string
	epsilon := float64(n.Norm.Epsilon)
	if s := x.Quant.Scale; !x.Quant.IsFloat() {
		steps := l.op("Div", "steps", in[0], w.floats(n.Name+"/step", []float32{s}))
		d := l.double("integers", l.op("Round", "whole", steps))
		sum, squares := l.sum("sum", d), l.sum("sum_of_squares", l.op("Mul", "squares", d, d))
		centred = l.op("Sub", "centred", l.op("Mul", "times", d, count), sum)
		variance = l.op("Sub", "variance", l.op("Mul", "mean_square", squares, count),
			l.op("Mul", "square_mean", sum, sum))
		epsilon = float64(channels) * float64(channels) * epsilon / (float64(s) * float64(s))
	} else {
		r := l.double("double", in[0])
		centred = l.op("Sub", "centred", r, l.op("Div", "mean", l.sum("sum", r), count))
		variance = l.op("Div", "variance", l.sum("sum_of_squares", l.op("Mul", "squares", centred, centred)), count)
	}
	root := l.op("Sqrt", "root", l.op("Add", "raised", variance, l.constant("epsilon", epsilon)))
	factor := l.op("Div", "factor", l.constant("one", 1), root)
	y := l.op("Mul", "scaled", l.op("Mul", "normalised", centred, factor), l.channels("gamma", n.Norm.Gamma))
	y = l.op("Add", "shifted", y, l.channels("beta", n.Norm.Beta))
	return w.node("Cast", output, []string{y}, intAttribute("to", int(onnxpb.Float)))
}

// normWriter writes the operators of one layer normalisation.
type normWriter struct {
	*writer
	n     *quantized.Node
	shape []int
}

func (l normWriter) op(operator, name string, in ...string) string {
	return l.node(operator, l.n.Name+"/"+name, in)
}

func (l normWriter) double(name, x string) string {
	return l.node("Cast", l.n.Name+"/"+name, []string{x}, intAttribute("to", int(onnxpb.Double)))
}

// sum is that of the channels, as one.
func (l normWriter) sum(name, x string) string {
	name = l.n.Name + "/" + name
	return l.node("ReduceSum", name, []string{x, l.int64s(name+"/axis", 1)})
}

func (l normWriter) constant(name string, v float64) string { return l.doubles(name, []float64{v}) }

// channels is a number for each channel.
func (l normWriter) channels(name string, values []float32) string {
	dims := make([]int64, len(l.shape))
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = float64(v)
	}
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = int64(len(values))
	return l.doubles(name, all, dims...)
}

func (l normWriter) doubles(name string, values []float64, dims ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return l.writer.constant(l.n.Name+"/"+name, onnxpb.Double, dims, raw)
}
