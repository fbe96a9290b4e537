package tflite

import (
	"fmt"
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// layer writes one node of the model.
func (w *writer) layer(n *quantized.Node) {
	if n.Op == quantized.Flatten || n.Op == quantized.Reshape {
		w.reshape(n)
		return
	}
	y := &value{Activation: n.Output, real: -1, planes: 1}
	w.values[n.Name] = y
	var in []*value
	for _, name := range n.Inputs {
		in = append(in, w.values[name])
	}
	switch {
	case integers(w.model, n):
		var places []int32
		for _, x := range in {
			places = append(places, x.tensor)
		}
		out, finish := w.clipped(n.Output, w.least(n))
		w.compute(&layer{n, in[0], y, places, out, true})
		y.tensor = finish()
	case n.Output.Quant.IsFloat():
		y.tensor = w.float(n.Name, n.Output)
		w.compute(&layer{n, in[0], y, w.reals(in), y.tensor, false})
	default:
		real := w.float(n.Name+"/computed", n.Output)
		w.compute(&layer{n, in[0], y, w.reals(in), real, false})
		out, finish := w.clipped(n.Output, floor(n.Output.Quant))
		w.operator(schema.Quantize, 1, []int32{real}, out)
		y.tensor = finish()
	}
}

func (w *writer) reals(in []*value) (places []int32) {
	for _, x := range in {
		places = append(places, w.realOf(x))
	}
	return places
}

// least is the lower bound to which n's integers in the file must be clipped:
// qmin if they cannot be too small, as with a fused ReLU, or if they are some
// of the input's.
func (w *writer) least(n *quantized.Node) int32 {
	x, _ := w.model.Activation(n.Inputs[0])
	function := n.Op == quantized.Activate
	fused := !function && n.Func != quantized.Identity
	if fused || n.Op.PassesThrough() || averages(n.Op) && same(x.Quant, n.Output.Quant) || n.Op == quantized.Concat ||
		n.Op == quantized.Max || n.Op == quantized.Min || function && looksUp(n, x.Quant) {
		return qmin
	}
	return floor(n.Output.Quant)
}

func averages(o quantized.Op) bool { return o == quantized.AvgPool || o == quantized.GlobalAvgPool }

// layer is a node with the tensors of its inputs and its output.
type layer struct {
	*quantized.Node
	x, y     *value // the first input, and the output
	in       []int32
	out      int32
	integers bool
}

// version is that of most operators: 2 is the first with int8.
func (l *layer) version() int32 {
	if l.integers {
		return 2
	}
	return 1
}

// operations is the table of the operations that TensorFlow Lite has, apart
// from reshapes, which the writer avoids where it can.
var operations = map[quantized.Op]func(*writer, *layer){
	quantized.Conv2D:        (*writer).conv,
	quantized.Linear:        (*writer).linear,
	quantized.MaxPool:       (*writer).maxPool,
	quantized.AvgPool:       (*writer).averagePool,
	quantized.GlobalAvgPool: (*writer).globalPool,
	quantized.Flatten:       nil,
	quantized.Reshape:       nil,
	quantized.ResizeNearest: (*writer).resize,
	quantized.Stretch:       (*writer).stretch,
	quantized.Slice:         (*writer).crop,
	quantized.Pad:           (*writer).frame,
	quantized.Shuffle:       (*writer).shuffle,
	quantized.Add:           pair(schema.Add),
	quantized.Sub:           pair(schema.Sub),
	quantized.Mul:           pair(schema.Mul),
	quantized.Concat:        (*writer).concat,
	quantized.Max:           (*writer).choose,
	quantized.Min:           (*writer).choose,
}

// functions is the table of the functions that are layers of their own.
var functions = map[quantized.Func]func(*writer, *layer){
	quantized.ReLU:        one(schema.ReLU),
	quantized.ReLU6:       one(schema.ReLU6),
	quantized.LeakyReLU:   (*writer).leakyReLU,
	quantized.HardSwish:   (*writer).hardSwish,
	quantized.HardSigmoid: (*writer).hardSigmoid,
	quantized.Sigmoid:     one(schema.Logistic),
	quantized.Tanh:        one(schema.Tanh),
	quantized.Softmax:     (*writer).softmax,
	quantized.SiLU:        (*writer).silu,
	quantized.GELU:        one(schema.GELU),
	quantized.ELU:         one(schema.ELU),
	quantized.Clip:        (*writer).clip,
	quantized.Softplus:    (*writer).softplus,
}

// one is one operator.
func one(code schema.Code) func(*writer, *layer) {
	return func(w *writer, l *layer) { w.operator(code, l.version(), l.in, l.out) }
}

// compute adds the operator of a layer.
func (w *writer) compute(l *layer) {
	if l.Op == quantized.Activate {
		w.function(l)
		return
	}
	operations[l.Op](w, l)
}

// pair is an operator on two inputs, with a fused function.
func pair(code schema.Code) func(*writer, *layer) {
	return func(w *writer, l *layer) { w.operator(code, l.version(), l.in, l.out, fused(l.Func)) }
}

func (w *writer) leakyReLU(l *layer) {
	w.operator(schema.LeakyReLU, l.version(), l.in, l.out, schema.Attribute{Name: "alpha", Float: l.Slope})
}

// hardSigmoid is relu6(x + 3)/6 in floats: TensorFlow Lite has no operator for it.
func (w *writer) hardSigmoid(l *layer) {
	shifted := w.float(l.Name+"/shifted", l.Output)
	w.operator(schema.Add, 1, []int32{l.in[0], w.real(l.Name+"/3", 3)}, shifted, fused(quantized.ReLU6))
	w.operator(schema.Mul, 1, []int32{shifted, w.real(l.Name+"/sixth", 1.0/6)}, l.out,
		fused(quantized.Identity))
}

// clip is a maximum and a minimum of floats.
func (w *writer) clip(l *layer) {
	above := w.float(l.Name+"/above", l.Output)
	w.operator(schema.Maximum, 1, []int32{l.in[0], w.real(l.Name+"/lower_bound", l.Min)}, above)
	w.operator(schema.Minimum, 1, []int32{above, w.real(l.Name+"/upper_bound", l.Max)}, l.out)
}

// silu is x·sigmoid(x) in floats.
func (w *writer) silu(l *layer) {
	gate := w.float(l.Name+"/gate", l.Output)
	w.operator(schema.Logistic, 1, l.in, gate)
	w.operator(schema.Mul, 1, []int32{l.in[0], gate}, l.out, fused(quantized.Identity))
}

// softplus is max(x, 0) + ln(1 + e^−|x|) in floats, where no exponential is infinite.
func (w *writer) softplus(l *layer) {
	next := func(name string, code schema.Code, x int32) int32 {
		out := w.float(l.Name+"/"+name, l.Output)
		w.operator(code, 1, []int32{x}, out)
		return out
	}
	sum := func(a, b, out int32) int32 {
		w.operator(schema.Add, 1, []int32{a, b}, out, fused(quantized.Identity))
		return out
	}
	power := next("power", schema.Exp, next("negative", schema.Neg, next("magnitude", schema.Abs, l.in[0])))
	above := sum(power, w.real(l.Name+"/1", 1), w.float(l.Name+"/above", l.Output))
	sum(next("positive", schema.ReLU, l.in[0]), next("rest", schema.Log, above), l.out)
}

// real adds a constant number.
func (w *writer) real(name string, v float32) int32 {
	return w.constant(schema.Tensor{Name: name, Type: schema.Float32, Shape: []int32{1}}, floatBytes([]float32{v}))
}

func (w *writer) hardSwish(l *layer) { w.operator(schema.HardSwish, 1, l.in, l.out) }

// fused is the attribute of a fused function.
func fused(f quantized.Func) schema.Attribute {
	code := schema.NoActivation
	switch f {
	case quantized.Identity:
	case quantized.ReLU:
		code = schema.ReLUActivation
	case quantized.ReLU6:
		code = schema.ReLU6Activation
	default:
		panic(fmt.Sprintf("tflite: %v is no fused function", f))
	}
	return attribute("fused_activation_function", code)
}

func (w *writer) conv(l *layer) {
	if w.asLinear(l.Node) {
		w.fullyConnected(l)
		return
	}
	scheme, x := w.padded(l)
	win := l.Window
	attributes := []schema.Attribute{attribute("padding", scheme), attribute("stride_w", win.Stride[1]),
		attribute("stride_h", win.Stride[0]),
		fused(l.Func), attribute("dilation_w_factor", win.Dilation[1]), attribute("dilation_h_factor", win.Dilation[0])}
	in := []int32{x, w.weights(l), w.bias(l)}
	version := int32(1)
	if depthwise(l.Node) {
		attributes = append(attributes, attribute("depth_multiplier", l.Weights.Shape[0]/l.Groups))
		switch {
		case l.integers:
			version = 3
		case win.Dilation != [2]int{1, 1}:
			version = 2
		}
		w.operator(schema.DepthwiseConv2D, version, in, l.out, attributes...)
		return
	}
	switch {
	case l.Groups > 1:
		version = 6
	case l.integers:
		version = w.weightVersion(l, 3, 7)
	}
	w.operator(schema.Conv2D, version, in, l.out, attributes...)
}

// depthwise reports whether each input channel has filters of its own. A
// convolution of one channel is an ordinary one.
func depthwise(n *quantized.Node) bool {
	return n.Op == quantized.Conv2D && n.Groups > 1 && n.Weights.Shape[1] == 1
}
