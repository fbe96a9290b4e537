package coreml

import (
	"math"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// node appends one layer.
func (b *builder) node(n *quantized.Node) {
	b.layer = n.Name
	if value, ok := b.moved(n); ok {
		b.tensors[n.Name] = &tensor{&n.Output, value}
		return
	}
	var x []string
	b.units = b.unitsOf(n)
	for i, in := range n.Inputs {
		x = append(x, b.read(in, b.units.in[i]))
	}
	t := b.shape(b.float, &n.Output)
	if op, ok := operations[n.Op]; ok {
		x[0] = b.emit(op.name, b.resultName(n, op.name), t, op.params(b, n, x)...)
	}
	if b.units.sums {
		x[0] = b.scaled(n, x[0], t)
	}
	b.finish(n, b.activate(n, x[0], t))
}

// resultName is the name for the result of the operation op of layer n: the
// layer's own for the last float of a layer, layer_op for the others.
func (b *builder) resultName(n *quantized.Node, op string) string {
	name := EncodeName(n.Name)
	last := n.Func == quantized.Identity || op == functions[n.Func].name
	if b.units.sums && n.Func == quantized.Identity {
		last = op == "mul"
	}
	if !last || (n.Name == b.model.Output && !b.plainOutput(n)) {
		return b.fresh(name + "_" + op)
	}
	return name
}

// plainOutput reports whether the layer's last float is itself the model's
// output: not quantized, not cast, not classified.
func (b *builder) plainOutput(n *quantized.Node) bool {
	return n.Output.Quant.Format.IsFloat() && b.float == mil.Float32 && !b.options.Classifier
}

// operation is the name of a layer's operation and its parameters.
type operation struct {
	name   string
	params func(b *builder, n *quantized.Node, x []string) []param
}

// operations is the table of the operations that Core ML has.
var operations = map[quantized.Op]operation{
	quantized.Conv2D:  {"conv", (*builder).convolution},
	quantized.Linear:  {"linear", (*builder).linear},
	quantized.MaxPool: {"max_pool", pool},
	quantized.AvgPool: {"avg_pool", averagePool},
	quantized.GlobalAvgPool: {"reduce_mean", of(param{"axes", mil.IntsValue(2, 3)},
		param{"keep_dims", mil.BoolValue(true)})},
	quantized.Flatten:       {"reshape", reshape},
	quantized.Reshape:       {"reshape", reshape},
	quantized.ResizeNearest: {"upsample_nearest_neighbor", resize},
	quantized.Stretch:       {"mul", (*builder).stretch},
	quantized.Slice:         {"slice_by_size", part},
	quantized.Pad:           {"pad", (*builder).frame},
	quantized.Shuffle:       {"reshape", (*builder).shuffle},
	quantized.Add:           {"add", two},
	quantized.Sub:           {"sub", two},
	quantized.Mul:           {"mul", two},
	quantized.Max:           {"maximum", two},
	quantized.Min:           {"minimum", two},
	quantized.Concat:        {"concat", concat},
	quantized.PReLU:         {"add", (*builder).prelu},
}

// of is the parameter x and constant ones.
func of(more ...param) func(*builder, *quantized.Node, []string) []param {
	return func(_ *builder, _ *quantized.Node, x []string) []param { return append([]param{{"x", x[0]}}, more...) }
}

func (b *builder) linear(n *quantized.Node, x []string) []param {
	return []param{{"x", x[0]}, {"weight", b.weights(n)}, {"bias", b.bias(n)}}
}

func two(_ *builder, _ *quantized.Node, x []string) []param { return []param{{"x", x[0]}, {"y", x[1]}} }

func concat(_ *builder, _ *quantized.Node, x []string) []param {
	return []param{{"values", x}, {"axis", mil.IntValue(1)}, {"interleave", mil.BoolValue(false)}}
}

func (b *builder) convolution(n *quantized.Node, x []string) []param {
	w := n.Window
	params := []param{{"x", x[0]}, {"weight", b.weights(n)}}
	if n.Bias != nil {
		params = append(params, param{"bias", b.bias(n)})
	}
	return append(params,
		param{"strides", mil.IntsValue(w.Stride[:]...)},
		param{"pad_type", padType(w)},
		param{"pad", padding(w)},
		param{"dilations", mil.IntsValue(w.Dilation[:]...)},
		param{"groups", mil.IntValue(n.Groups)})
}

func pool(_ *builder, n *quantized.Node, x []string) []param {
	w := n.Window
	return []param{
		{"x", x[0]},
		{"kernel_sizes", mil.IntsValue(w.Kernel[:]...)},
		{"strides", mil.IntsValue(w.Stride[:]...)},
		{"pad_type", padType(w)},
		{"pad", padding(w)},
		{"ceil_mode", mil.BoolValue(false)},
	}
}

func averagePool(b *builder, n *quantized.Node, x []string) []param {
	return append(pool(b, n, x),
		param{"exclude_padding_from_average", mil.BoolValue(!n.Window.CountIncludePad)})
}

func padType(w quantized.Window) mil.Value {
	if w.PadBegin == [2]int{} && w.PadEnd == [2]int{} {
		return mil.StringValue("valid")
	}
	return mil.StringValue("custom")
}

func padding(w quantized.Window) mil.Value {
	return mil.IntsValue(w.PadBegin[0], w.PadEnd[0], w.PadBegin[1], w.PadEnd[1])
}

func reshape(_ *builder, n *quantized.Node, x []string) []param {
	return []param{{"x", x[0]}, {"shape", mil.IntsValue(append([]int{1}, n.Output.Shape...)...)}}
}

func resize(b *builder, n *quantized.Node, x []string) []param {
	in, out := b.tensors[n.Inputs[0]].Shape, n.Output.Shape
	return []param{
		{"x", x[0]},
		{"scale_factor_height", mil.IntValue(out[1] / in[1])},
		{"scale_factor_width", mil.IntValue(out[2] / in[2])},
	}
}

// stretch repeats pixels, and multiplies repetitions by 0.
func (b *builder) stretch(n *quantized.Node, x []string) []param {
	in, out := b.tensors[n.Inputs[0]].Shape, n.Output.Shape
	mask := make([]float64, out[1]*out[2])
	for i := range mask {
		if i/out[2]%(out[1]/in[1]) == 0 && i%out[2]%(out[2]/in[2]) == 0 {
			mask[i] = 1
		}
	}
	y := b.emit("upsample_nearest_neighbor", b.fresh(EncodeName(n.Name)+"_repeated"), b.shape(b.float, &n.Output),
		resize(b, n, x)...)
	return []param{{"x", y}, {"y", b.store("mask", b.float, []int{1, 1, out[1], out[2]}, mask)}}
}

// moved appends a reshape of integers, if the layer is a reshape and both sides
// are quantized alike.
func (b *builder) moved(n *quantized.Node) (string, bool) {
	in := b.tensors[n.Inputs[0]]
	alike := in.Quant.Format == n.Output.Quant.Format && in.Quant.Scale == n.Output.Quant.Scale &&
		in.Quant.Zero == n.Output.Quant.Zero
	if n.Op != quantized.Flatten && n.Op != quantized.Reshape || n.Func != quantized.Identity || !in.quantized() ||
		!alike {
		return "", false
	}
	data, _ := quantizer(n.Output.Quant)
	name := b.fresh(EncodeName(n.Name) + "_q")
	return b.emit("reshape", name, b.shape(data, &n.Output), reshape(b, n, []string{in.value})...), true
}

// ending is the last operation of an activation function of an x of type t, and
// its parameters, which may need other operations before it.
type ending struct {
	name   string
	params func(b *builder, n *quantized.Node, x string, t mil.Type) []param
}

// functions is the table of the activation functions that Core ML has.
var functions = map[quantized.Func]ending{
	quantized.ReLU:        {"relu", alone},
	quantized.ReLU6:       {"clip", (*builder).six},
	quantized.LeakyReLU:   {"leaky_relu", (*builder).slope},
	quantized.Sigmoid:     {"sigmoid", alone},
	quantized.Tanh:        {"tanh", alone},
	quantized.Softmax:     {"softmax", channels},
	quantized.HardSwish:   {"mul", (*builder).gate},
	quantized.HardSigmoid: {"mul", (*builder).sixth},
	quantized.SiLU:        {"silu", alone},
	quantized.GELU:        {"gelu", exact},
	quantized.ELU:         {"elu", one},
	quantized.Clip:        {"clip", (*builder).bounds},
	quantized.Softplus:    {"softplus", alone},
}

// six bounds relu6 in the layer's units.
func (b *builder) six(_ *quantized.Node, x string, _ mil.Type) []param {
	return []param{{"x", x}, {"alpha", b.scalar("0", 0)}, {"beta", b.scalar("6", 6*b.units.per)}}
}

func (b *builder) slope(n *quantized.Node, x string, _ mil.Type) []param {
	return []param{{"x", x}, {"alpha", b.scalar("slope", float64(n.Slope))}}
}

func channels(_ *builder, _ *quantized.Node, x string, _ mil.Type) []param {
	return []param{{"x", x}, {"axis", mil.IntValue(1)}}
}

// bounds are those of a clip; what bounds nothing is the type's greatest number.
func (b *builder) bounds(n *quantized.Node, x string, _ mil.Type) []param {
	most := float64(math.MaxFloat32)
	if b.float == mil.Float16 {
		most = 65504
	}
	bound := func(v float32) mil.Value { return b.scalar("bound", min(max(float64(v), -most), most)) }
	return []param{{"x", x}, {"alpha", bound(n.Min)}, {"beta", bound(n.Max)}}
}

func exact(_ *builder, _ *quantized.Node, x string, _ mil.Type) []param {
	return []param{{"x", x}, {"mode", mil.StringValue("EXACT")}}
}

func one(b *builder, _ *quantized.Node, x string, _ mil.Type) []param {
	return []param{{"x", x}, {"alpha", b.scalar("1", 1)}}
}

func alone(_ *builder, _ *quantized.Node, x string, _ mil.Type) []param { return []param{{"x", x}} }

// gate is the factor of x in hard_swish: relu6(x + 3)/6.
func (b *builder) gate(n *quantized.Node, x string, t mil.Type) []param {
	gate := b.emit("mul", b.fresh(EncodeName(n.Name)+"_sixth"), t, b.sixth(n, x, t)...)
	return []param{{"x", x}, {"y", gate}}
}

// sixth is the factors of hard_sigmoid: relu6(x + 3) and 1/6.
func (b *builder) sixth(n *quantized.Node, x string, t mil.Type) []param {
	name := EncodeName(n.Name)
	gate := b.emit("add", b.fresh(name+"_shifted"), t, param{"x", x}, param{"y", b.scalar("3", 3)})
	gate = b.emit("relu6", b.fresh(name+"_gate"), t, param{"x", gate})
	return []param{{"x", gate}, {"y", b.scalar("1/6", 1.0/6)}}
}

// activate appends the layer's activation function.
func (b *builder) activate(n *quantized.Node, x string, t mil.Type) string {
	f, ok := functions[n.Func]
	if !ok { // identity
		return x
	}
	return b.emit(f.name, b.resultName(n, f.name), t, f.params(b, n, x, t)...)
}

// finish quantizes the layer's result if required, and records it.
func (b *builder) finish(n *quantized.Node, value string) {
	out := &tensor{&n.Output, value}
	if out.quantized() {
		out.value = b.quantize(EncodeName(n.Name), &n.Output, value, b.units.out)
	}
	b.tensors[n.Name] = out
}
