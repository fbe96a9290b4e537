package onnx

import (
	"math"
	"slices"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// layer writes one node of the model with its quantizer.
func (w *writer) layer(n *quantized.Node) {
	q, output := n.Output.Quant, n.Name+"/real"
	if n.Name == w.model.Output {
		output = w.resultName()
	}
	if q.IsFloat() {
		w.real[n.Name] = w.computed(n, output, fusesFunction(n))
		return
	}
	real := w.computed(n, n.Name+"/real", w.keepsFunction(n))
	if n.Name != w.model.Output {
		output = n.Name + "/dequantized"
	}
	lo, hi := n.Limits()
	if n.Op.PassesThrough() { // the input is within the limits already
		c := w.container(q)
		lo, hi = c.min-c.shift, c.max-c.shift
	}
	w.real[n.Name] = w.quantize(n.Name, real, q, lo, hi, output)
}

func fusesFunction(n *quantized.Node) bool {
	return n.Op != quantized.Activate && n.Func != quantized.Identity
}

// keepsFunction reports whether the fused function of n is written as an
// operator, which is done if the container's range implies it, so that runtimes
// drop it and it only serves human readers. For that, zero must be the least
// integer, and 6 not less than the greatest real number. Otherwise the integer
// Clip replaces the function.
func (w *writer) keepsFunction(n *quantized.Node) bool {
	q := n.Output.Quant
	c := w.container(q)
	switch {
	case !fusesFunction(n):
		return false
	case q.Zero+c.shift != c.min:
		return false
	}
	return n.Func == quantized.ReLU || float32(c.max-c.min)*q.Scale <= 6
}

// computed writes the operator of n and, if wanted, its fused function after
// it. It returns the last one's output, called output.
func (w *writer) computed(n *quantized.Node, output string, function bool) string {
	if !function {
		return w.operator(n, output)
	}
	return functions[n.Func](w, n, []string{w.operator(n, n.Name+"/sum")}, output)
}

func (w *writer) clipToSix(name, x, output string) string {
	bounds := []string{w.floats(name+"/zero_real", []float32{0}), w.floats(name+"/six", []float32{6})}
	return w.node("Clip", output, append([]string{x}, bounds...))
}

// form writes a layer's operator with its inputs, and returns its output's name.
type form func(w *writer, n *quantized.Node, in []string, output string) string

// operations is the table of the operations that ONNX has.
var operations = map[quantized.Op]form{
	quantized.Conv2D:          (*writer).conv,
	quantized.Linear:          (*writer).linear,
	quantized.MaxPool:         pool("MaxPool"),
	quantized.AvgPool:         (*writer).averagePool,
	quantized.GlobalAvgPool:   one("GlobalAveragePool"),
	quantized.Flatten:         one("Flatten", intAttribute("axis", 1)),
	quantized.Reshape:         (*writer).reshape,
	quantized.ResizeNearest:   (*writer).resize,
	quantized.Stretch:         (*writer).stretch,
	quantized.Slice:           (*writer).slice,
	quantized.Pad:             (*writer).pad,
	quantized.Shuffle:         (*writer).shuffle,
	quantized.Add:             one("Add"),
	quantized.Sub:             one("Sub"),
	quantized.Mul:             one("Mul"),
	quantized.Max:             one("Max"),
	quantized.Min:             one("Min"),
	quantized.Concat:          one("Concat", intAttribute("axis", 1)),
	quantized.PReLU:           (*writer).prelu,
	quantized.LayerNorm:       (*writer).layerNorm,
	quantized.AttentionScores: (*writer).attentionScores,
	quantized.AttentionValues: (*writer).attentionValues,
}

// functions is the table of the functions that are layers of their own.
var functions = map[quantized.Func]form{
	quantized.ReLU:        one("Relu"),
	quantized.ReLU6:       (*writer).relu6,
	quantized.LeakyReLU:   (*writer).leakyReLU,
	quantized.HardSwish:   (*writer).hardSwish,
	quantized.HardSigmoid: one("HardSigmoid", floatAttribute("alpha", 1.0/6), floatAttribute("beta", 0.5)),
	quantized.Sigmoid:     one("Sigmoid"),
	quantized.Tanh:        one("Tanh"),
	quantized.Softmax:     one("Softmax", intAttribute("axis", 1)),
	quantized.SiLU:        (*writer).silu,
	quantized.GELU:        (*writer).gelu,
	quantized.ELU:         one("Elu"),
	quantized.Clip:        (*writer).clip,
	quantized.Softplus:    one("Softplus"),
}

// one is the form of one operator with constant attributes.
func one(operator string, attributes ...onnxpb.Attribute) form {
	return func(w *writer, _ *quantized.Node, in []string, output string) string {
		return w.node(operator, output, in, attributes...)
	}
}

// pool is the form of an operator that slides a window.
func pool(operator string) form {
	return func(w *writer, n *quantized.Node, in []string, output string) string {
		return w.node(operator, output, in, window(n.Window)...)
	}
}

func (w *writer) averagePool(n *quantized.Node, in []string, output string) string {
	win := n.Window
	if win.Overhang != [2]int{} {
		in, win = []string{w.surrounded(n, in[0])}, quantized.Window{Kernel: win.Kernel, Stride: win.Stride,
			PadEnd: win.Overhang}
	}
	attributes := window(win)
	if win.CountIncludePad {
		attributes = append(attributes, intAttribute("count_include_pad", 1))
	}
	return w.node("AveragePool", output, in, attributes...)
}

// surrounded writes the input of an average pool with the zeros that count, so
// that what is left of the padding, the overhang, does not. It is quantized
// again, as ONNX Runtime's integer kernel wants.
func (w *writer) surrounded(n *quantized.Node, x string) string {
	win, name := n.Window, n.Name+"/surrounded"
	pads := w.int64s(n.Name+"/padding", 0, 0, int64(win.PadBegin[0]), int64(win.PadBegin[1]),
		0, 0, int64(win.PadEnd[0]-win.Overhang[0]), int64(win.PadEnd[1]-win.Overhang[1]))
	y := w.node("Pad", name, []string{x, pads})
	a, _ := w.model.Activation(n.Inputs[0])
	if a.Quant.IsFloat() || n.Output.Quant.IsFloat() {
		return y
	}
	c := w.container(a.Quant)
	grid := []string{w.floats(name+"/scale", []float32{a.Quant.Scale}),
		w.integer(name+"/zero", c.t, a.Quant.Zero+c.shift)}
	y = w.node("QuantizeLinear", name+"/quantized", append([]string{y}, grid...))
	return w.node("DequantizeLinear", name+"/dequantized", append([]string{y}, grid...))
}

// operator writes the operator of n alone and returns its output's name.
func (w *writer) operator(n *quantized.Node, output string) string {
	var in []string
	for _, name := range n.Inputs {
		in = append(in, w.read(name))
	}
	if w.staysFloat(n) {
		in[0] = w.unseen(in[0], n.Name+"/float")
	}
	if n.Op == quantized.Activate {
		return functions[n.Func](w, n, in, output)
	}
	return operations[n.Op](w, n, in, output)
}

// staysFloat reports whether n multiplies with float weights between quantized
// activations. If ONNX Runtime's optimizer saw the quantizer before such a
// layer, it would quantize the weights, all with one scale, to get an integer
// operator.
func (w *writer) staysFloat(n *quantized.Node) bool {
	x, _ := w.model.Activation(n.Inputs[0])
	return n.Weights != nil && n.Weights.Q == nil && !x.Quant.IsFloat() && !n.Output.Quant.IsFloat()
}

func (w *writer) reshape(n *quantized.Node, in []string, output string) string {
	shape := append([]int64{-1}, dims(n.Output.Shape)...)
	return w.node("Reshape", output, append(in, w.int64s(n.Name+"/shape", shape...)))
}

func (w *writer) conv(n *quantized.Node, in []string, output string) string {
	in = append(in, w.weights(n, false))
	if n.Bias != nil {
		in = append(in, w.bias(n))
	}
	attributes := append(window(n.Window),
		intsAttribute("dilations", n.Window.Dilation[:]...), intAttribute("group", n.Groups))
	return w.node("Conv", output, in, attributes...)
}

func (w *writer) linear(n *quantized.Node, in []string, output string) string {
	transpose := w.NBits && hasBlocks(*n)
	in = append(in, w.weights(n, transpose))
	if n.Bias != nil {
		in = append(in, w.bias(n))
	}
	if transpose {
		return w.node("Gemm", output, in)
	}
	return w.node("Gemm", output, in, intAttribute("transB", 1))
}

func window(w quantized.Window) []onnxpb.Attribute {
	return []onnxpb.Attribute{
		intsAttribute("kernel_shape", w.Kernel[:]...),
		intsAttribute("strides", w.Stride[:]...),
		intsAttribute("pads", w.PadBegin[0], w.PadBegin[1], w.PadEnd[0], w.PadEnd[1]),
	}
}

func (w *writer) relu6(n *quantized.Node, in []string, output string) string {
	return w.clipToSix(n.Name, in[0], output)
}

func (w *writer) clip(n *quantized.Node, in []string, output string) string {
	bounds := []string{w.floats(n.Name+"/least", []float32{n.Min}), w.floats(n.Name+"/greatest", []float32{n.Max})}
	return w.node("Clip", output, append(in, bounds...))
}

// prelu has its slopes in the shape of a pixel, to be broadcast.
func (w *writer) prelu(n *quantized.Node, in []string, output string) string {
	shape := append([]int64{int64(len(n.Slopes))}, slices.Repeat([]int64{1}, len(n.Output.Shape)-1)...)
	return w.node("PRelu", output, append(in, w.floats(n.Name+"/slopes", n.Slopes, shape...)))
}

func (w *writer) leakyReLU(n *quantized.Node, in []string, output string) string {
	return w.node("LeakyRelu", output, in, floatAttribute("alpha", n.Slope))
}

// gated is x·gate(x), for functions that opset 13 has no operator for.
func (w *writer) gated(n *quantized.Node, in []string, output string, gate func(x string) string) string {
	x := in[0]
	if w.Signed { // two operators read it
		x = w.unseen(x, n.Name+"/argument")
	}
	return w.node("Mul", output, []string{x, gate(x)})
}

func (w *writer) hardSwish(n *quantized.Node, in []string, output string) string {
	return w.gated(n, in, output, func(x string) string {
		return w.node("HardSigmoid", n.Name+"/gate", []string{x}, floatAttribute("alpha", 1.0/6),
			floatAttribute("beta", 0.5))
	})
}

func (w *writer) silu(n *quantized.Node, in []string, output string) string {
	return w.gated(n, in, output, func(x string) string { return w.node("Sigmoid", n.Name+"/gate", []string{x}) })
}

// gelu is x·(1 + erf(x/√2))/2.
func (w *writer) gelu(n *quantized.Node, in []string, output string) string {
	constant := func(name string, v float32) string { return w.floats(n.Name+"/"+name, []float32{v}) }
	return w.gated(n, in, output, func(x string) string {
		y := w.node("Mul", n.Name+"/scaled", []string{x, constant("root", math.Sqrt2/2)})
		y = w.node("Add", n.Name+"/shifted", []string{w.node("Erf", n.Name+"/erf", []string{y}), constant("one", 1)})
		return w.node("Mul", n.Name+"/gate", []string{y, constant("half", 0.5)})
	})
}
