package coreml

import (
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
	for _, in := range n.Inputs {
		x = append(x, b.read(in))
	}
	t := b.shape(b.float, &n.Output)
	if op, params := b.operation(n, x); op != "" {
		x[0] = b.emit(op, b.resultName(n, op), t, params...)
	}
	b.finish(n, b.activate(n, x[0], t))
}

// resultName is the name for the result of the operation op of layer n: the
// layer's own for the last float of a layer, layer_op for the others.
func (b *builder) resultName(n *quantized.Node, op string) string {
	name := EncodeName(n.Name)
	last := n.Func == quantized.Identity || op == lastOp(n.Func)
	if !last || (n.Name == b.model.Output && !b.plainOutput(n)) {
		return b.fresh(name + "_" + op)
	}
	return name
}

// plainOutput reports whether the layer's last float is the model's output as
// it is: not quantized, not cast, not classified.
func (b *builder) plainOutput(n *quantized.Node) bool {
	return n.Output.Quant.Format.IsFloat() && b.float == mil.Float32 && !b.options.Classifier
}

// operation is the layer's own operation and its parameters; "" for a layer
// that is an activation function alone.
func (b *builder) operation(n *quantized.Node, x []string) (string, []param) {
	switch n.Op {
	case quantized.Conv2D:
		return "conv", b.convolution(n, x[0])
	case quantized.Linear:
		return "linear", []param{{"x", x[0]}, {"weight", b.weights(n)}, {"bias", b.bias(n)}}
	case quantized.MaxPool:
		return "max_pool", pool(n, x[0])
	case quantized.AvgPool:
		return "avg_pool", append(pool(n, x[0]), param{"exclude_padding_from_average", mil.BoolValue(true)})
	case quantized.GlobalAvgPool:
		return "reduce_mean", []param{{"x", x[0]}, {"axes", mil.IntsValue(2, 3)}, {"keep_dims", mil.BoolValue(true)}}
	case quantized.Flatten, quantized.Reshape:
		return "reshape", reshape(n, x[0])
	case quantized.Add:
		return "add", []param{{"x", x[0]}, {"y", x[1]}}
	case quantized.Concat:
		return "concat", []param{{"values", x}, {"axis", mil.IntValue(1)}, {"interleave", mil.BoolValue(false)}}
	}
	return "", nil
}

func (b *builder) convolution(n *quantized.Node, x string) []param {
	w := n.Window
	params := []param{{"x", x}, {"weight", b.weights(n)}}
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

func pool(n *quantized.Node, x string) []param {
	w := n.Window
	return []param{
		{"x", x},
		{"kernel_sizes", mil.IntsValue(w.Kernel[:]...)},
		{"strides", mil.IntsValue(w.Stride[:]...)},
		{"pad_type", padType(w)},
		{"pad", padding(w)},
		{"ceil_mode", mil.BoolValue(false)},
	}
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

func reshape(n *quantized.Node, x string) []param {
	return []param{{"x", x}, {"shape", mil.IntsValue(append([]int{1}, n.Output.Shape...)...)}}
}

// moved appends a reshape of integers, where the layer is one and both sides
// are quantized alike.
func (b *builder) moved(n *quantized.Node) (string, bool) {
	in := b.tensors[n.Inputs[0]]
	alike := in.Quant.Format == n.Output.Quant.Format && in.Quant.Scale == n.Output.Quant.Scale && in.Quant.Zero == n.Output.Quant.Zero
	if n.Op != quantized.Flatten && n.Op != quantized.Reshape || n.Func != quantized.Identity || !in.quantized() || !alike {
		return "", false
	}
	data, _ := quantizer(n.Output.Quant)
	name := b.fresh(EncodeName(n.Name) + "_q")
	return b.emit("reshape", name, b.shape(data, &n.Output), reshape(n, in.value)...), true
}

// lastOp is the operation that ends an activation function.
func lastOp(f quantized.Func) string {
	switch f {
	case quantized.ReLU:
		return "relu"
	case quantized.ReLU6:
		return "relu6"
	case quantized.LeakyReLU:
		return "leaky_relu"
	case quantized.Sigmoid:
		return "sigmoid"
	case quantized.Tanh:
		return "tanh"
	case quantized.Softmax:
		return "softmax"
	case quantized.HardSwish:
		return "mul"
	}
	return ""
}

// activate appends the layer's activation function.
func (b *builder) activate(n *quantized.Node, x string, t mil.Type) string {
	op := lastOp(n.Func)
	params := []param{{"x", x}}
	switch n.Func {
	case quantized.Identity:
		return x
	case quantized.LeakyReLU:
		params = append(params, param{"alpha", b.scalar("slope", float64(n.Slope))})
	case quantized.Softmax:
		params = append(params, param{"axis", mil.IntValue(1)})
	case quantized.HardSwish: // x · relu6(x + 3) / 6
		name := EncodeName(n.Name)
		gate := b.emit("add", b.fresh(name+"_shifted"), t, param{"x", x}, param{"y", b.scalar("3", 3)})
		gate = b.emit("relu6", b.fresh(name+"_gate"), t, param{"x", gate})
		gate = b.emit("mul", b.fresh(name+"_sixth"), t, param{"x", gate}, param{"y", b.scalar("1/6", 1.0/6)})
		params = append(params, param{"y", gate})
	}
	return b.emit(op, b.resultName(n, op), t, params...)
}

// finish quantizes the layer's result, if it is to be, and makes it known.
func (b *builder) finish(n *quantized.Node, value string) {
	out := &tensor{&n.Output, value}
	if out.quantized() {
		out.value = b.quantize(EncodeName(n.Name), &n.Output, value)
	}
	b.tensors[n.Name] = out
}
