package fromonnx_test

import (
	"petrify/internal/onnxpb"
)

// list lets a case name its inputs.
func list(names ...string) []string { return names }

// form is a way in which exporters write something. The network must have the kinds of
// layers that are listed, and compute what the file does.
type form struct {
	name   string
	file   *file
	layout string
	layers string
}

var forms = []form{
	{"a chain", chain(), "NCHW", "conv2d relu max_pool flatten linear"},
	{"nodes in another order", reversed(chain()), "NCHW", "conv2d relu max_pool flatten linear"},
	{"initializers that are inputs, too", initializersAsInputs(chain()), "NCHW", "conv2d relu max_pool flatten linear"},
	{"a batch of 4 in the file", fixed(chain(), 4), "NCHW", "conv2d relu max_pool flatten linear"},

	{"channels last, flattened in that order", lastFlattened(), "NHWC", "conv2d relu flatten linear"},
	{"channels last, flattened before a layer", func() *file {
		f := newFile(5, 4, 3)
		return f.add("Flatten", nil).add("Gemm", list(f.random(60, 4)))
	}(), "NHWC", "flatten linear"},
	{"channels last around each convolution", lastEverywhere(), "NHWC",
		"conv2d relu conv2d relu global_avg_pool flatten"},
	{"signals with channels last", func() *file {
		f := newFile(20, 3)
		return f.add("Transpose", nil, ints("perm", 0, 2, 1)).add("Conv", list(f.random(4, 3, 5))).
			add("ReduceMean", nil, ints("axes", 2), integer("keepdims", 0))
	}(), "NLC", "conv2d global_avg_pool flatten"},

	{"padding of SAME_UPPER with stride 2", same("SAME_UPPER"), "NCHW", "conv2d"},
	{"padding of SAME_LOWER with stride 2", same("SAME_LOWER"), "NCHW", "conv2d"},
	{"a Pad before a convolution", func() *file {
		f := newFile(2, 6, 6)
		return f.add("Pad", list(f.ints(0, 0, 1, 2, 0, 0, 0, 1))).add("Conv", list(f.random(3, 2, 3, 3)))
	}(), "NCHW", "conv2d"},
	{"a Pad before a maximum of what is not negative", func() *file {
		f := newFile(2, 6, 6)
		return f.add("Relu", nil).add("Pad", list(f.ints(0, 0, 1, 1, 0, 0, 1, 1))).
			add("MaxPool", nil, ints("kernel_shape", 3, 3), ints("strides", 2, 2))
	}(), "NCHW", "relu max_pool"},
	{"a Pad before a mean", func() *file {
		f := newFile(2, 6, 6)
		return f.add("Pad", list(f.ints(0, 0, 1, 1, 0, 0, 1, 1))).add("AveragePool", nil, ints("kernel_shape", 3, 3))
	}(), "NCHW", "avg_pool"},
	{"a mean with padding that counts", func() *file {
		return newFile(2, 6, 6).add("AveragePool", nil, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1),
			integer("count_include_pad", 1))
	}(), "NCHW", "avg_pool"},
	{"a maximum of windows that overhang", func() *file {
		return newFile(2, 6, 6).add("MaxPool", nil, ints("kernel_shape", 3, 3), ints("strides", 2, 2),
			integer("ceil_mode", 1))
	}(), "NCHW", "max_pool"},
	{"a mean of windows that overhang", func() *file {
		return newFile(2, 7, 6).add("AveragePool", nil, ints("kernel_shape", 2, 3), ints("strides", 2, 2),
			ints("pads", 0, 1, 0, 1), integer("ceil_mode", 1), integer("count_include_pad", 1))
	}(), "NCHW", "avg_pool"},
	{"a convolution of one pixel", func() *file {
		f := newFile(4, 1, 1)
		return f.add("Conv", list(f.random(6, 2, 3, 3), f.random(6)), ints("pads", 1, 1, 1, 1), integer("group", 2)).
			add("Relu", nil)
	}(), "NCHW", "linear relu"},

	{"a product of two values", newFile(4).add("Tanh", nil).add("Mul", list("x")), "NC", "tanh mul"},
	{"squeeze and excite", newFile(3, 4, 4).add("GlobalAveragePool", nil).add("Tanh", nil).add("Mul", list("x")),
		"NCHW",
		"global_avg_pool tanh mul"},
	{"a square", newFile(4).add("Tanh", nil).add("Mul", list("v0")), "NC", "tanh mul"},

	{"batch norm first, after a sum, and with Keras's epsilon", norms(), "NCHW",
		"batch_norm conv2d add batch_norm relu"},
	{"a layer norm of vectors", func() *file {
		f := newFile(6)
		return f.add("LayerNormalization", list(f.random(6), f.random(6)), real("epsilon", 1e-3)).
			add("Gemm", list(f.random(6, 3)))
	}(), "NC", "layer_norm linear"},
	{"a layer norm of vectors in single operators", splitNorm(newFile(6), 1), "NC", "layer_norm"},
	{"layer norms of channels last", splitNorm(func() *file {
		f := newFile(7, 5)
		f.add("MatMul", list(f.random(5, 4)))
		return f.add("LayerNormalization", list(f.random(4), f.random(4))).add("Relu", nil)
	}(), -1), "NLC", "conv2d layer_norm relu layer_norm"},
	{"a layer norm over channels that are first", splitNorm(func() *file {
		f := newFile(3, 4, 5)
		return f.add("Conv", list(f.random(4, 3, 3, 3)), ints("pads", 1, 1, 1, 1))
	}(), 1), "NCHW", "conv2d layer_norm"},
	{"a layer norm over all of an image", func() *file {
		f := newFile(3, 4, 5)
		f.add("LayerNormalization", list(f.random(3, 4, 5), f.random(3, 4, 5)), integer("axis", 1))
		return f.add("Conv", list(f.random(4, 3, 3, 3)))
	}(), "NCHW", "flatten layer_norm reshape conv2d"},
	{"a mean over the images of a layer norm over all of an image", func() *file {
		f := newFile(3, 4, 5)
		return f.add("LayerNormalization", list(f.random(3, 4, 5), f.random(3, 4, 5)), integer("axis", 1)).
			add("GlobalAveragePool", nil)
	}(), "NCHW", "flatten layer_norm reshape global_avg_pool"},
	{"a scaler in front", func() *file {
		f := newFile(5)
		f.add("Scaler", nil, onnxpb.Attribute{Name: "offset", Type: onnxpb.FloatsAttribute,
			Floats: []float32{1, 2, 3, 4, 5}}, onnxpb.Attribute{Name: "scale", Type: onnxpb.FloatsAttribute,
			Floats: []float32{.5}}).domain("ai.onnx.ml")
		return f.add("MatMul", list(f.random(5, 3))).add("Add", list(f.random(3)))
	}(), "NC", "linear"},
	{"a normalisation in front of a padded convolution", func() *file {
		f := newFile(2, 6, 6)
		return f.add("Sub", list(f.random(2, 1, 1))).add("Div", list(f.positive(1))).
			add("Conv", list(f.random(3, 2, 3, 3)), ints("pads", 1, 1, 1, 1))
	}(), "NCHW", "conv2d conv2d"},
	{"Gemm with α, β and a transposed matrix", func() *file {
		f := newFile(6)
		f.add("Gemm", list(f.random(3, 6), f.random(1, 3)), integer("transB", 1), real("alpha", .5), real("beta", 3))
		return f.add("Gemm", list(f.random(3, 2), f.random(1)))
	}(), "NC", "linear linear"},
	{"constants on all sides of a product", func() *file {
		f := newFile(6)
		f.add("MatMul", list(f.random(6, 3)))
		f.add("Mul", list(f.random(3))).add("Neg", nil).add("Relu", nil)
		return f.add("Sub", list(f.random(3))).add("Gemm", list(f.random(3, 2)))
	}(), "NC", "linear relu linear"},
	{"a scale and shift of channels before a dense layer", func() *file {
		f := newFile(2, 4, 4)
		f.add("Relu", nil).add("Mul", list(f.random(2, 1, 1))).add("Add", list(f.random(1, 2, 1, 1)))
		return f.add("Flatten", nil).add("Gemm", list(f.random(32, 3)))
	}(), "NCHW", "relu flatten linear"},
	{"a factor of what another node reads, too", func() *file {
		f := newFile(2, 4, 4)
		f.add("Conv", list(f.random(2, 2, 1, 1))).add("Mul", list(f.random(2, 1, 1))).add("Tanh", nil)
		return f.from("v0").add("Relu", nil).add("Add", list("v2"))
	}(), "NCHW", "conv2d conv2d tanh relu add"},
	{"a ReLU6 with transpositions between its halves", func() *file {
		f := newFile(2, 3, 4)
		f.add("Conv", list(f.random(5, 2, 1, 1))).add("Transpose", nil, ints("perm", 0, 2, 3, 1)).add("Relu", nil)
		f.add("Transpose", nil, ints("perm", 0, 3, 1, 2))
		f.add("Clip", list(f.floats([]float32{0}), f.floats([]float32{6})))
		return f.add("MaxPool", nil, ints("kernel_shape", 2, 2))
	}(), "NCHW", "conv2d relu6 max_pool"},
	{"1 − x", func() *file {
		f := newFile(3)
		one := f.floats([]float32{1}, 1)
		f.add("Sigmoid", nil)
		return f.from(one).add("Sub", list("v0")).add("Gemm", list(f.random(3, 2)))
	}(), "NC", "sigmoid linear"},
	{"a ReLU6 as Max and Min", func() *file {
		f := newFile(3, 4, 4)
		return f.add("Max", list(f.floats([]float32{0}))).add("Min", list(f.floats([]float32{6})))
	}(), "NCHW", "relu6"},
	{"a ReLU6 with bounds cast like its input", func() *file {
		f := newFile(3, 4, 4)
		f.from(f.initializer(onnxpb.Tensor{Type: onnxpb.Int64, Int64s: []int64{0}})).add("CastLike", list("x"))
		f.from(f.initializer(onnxpb.Tensor{Type: onnxpb.Int64, Int64s: []int64{6}})).add("CastLike", list("x"))
		return f.from("x").add("Clip", list("v0", "v1"))
	}(), "NCHW", "relu6"},
	{"other bounds, on both sides and on one", func() *file {
		f := newFile(3, 4, 4)
		f.add("Clip", list(f.floats([]float32{-.5}), f.floats([]float32{.75})))
		f.add("Max", list(f.floats([]float32{-.25}))).add("Min", list(f.floats([]float32{.5})))
		return f
	}(), "NCHW", "clip clip clip"},
	{"a slope for all channels", func() *file {
		f := newFile(3, 4, 4)
		return f.add("PRelu", list(f.floats([]float32{.25, .25, .25}, 3, 1, 1)))
	}(), "NCHW", "leaky_relu"},
	{"hard swish of clipped sums", func() *file {
		f := newFile(3, 4, 4)
		f.add("Add", list(f.floats([]float32{3}))).add("Clip", list(f.floats([]float32{0}), f.floats([]float32{6})))
		return f.add("Mul", list("x")).add("Div", list(f.floats([]float32{6})))
	}(), "NCHW", "hard_swish"},
	{"the concatenation of channels that are last", func() *file {
		f := newFile(4, 4, 2)
		f.add("Relu", nil).from("x").add("Tanh", nil)
		f.add("Concat", list("v0"), integer("axis", 3)).add("Transpose", nil, ints("perm", 0, 3, 1, 2))
		return f.add("Conv", list(f.random(2, 4, 3, 3)))
	}(), "NHWC", "relu tanh concat conv2d"},
	{"twice a value", func() *file { return newFile(4).add("Relu", nil).add("Add", list("v0")) }(), "NC",
		"relu reshape conv2d flatten"},
	{"shape arithmetic", shapeArithmetic(), "NCHW", "relu flatten linear"},
	{"dropout, identity and casts", func() *file {
		f := newFile(6)
		f.add("Dropout", nil).add("Identity", nil)
		f.add("Cast", nil, integer("to", 11)).add("Cast", nil, integer("to", 1))
		return f.add("MatMul", list(f.random(6, 2)))
	}(), "NC", "linear"},
	{"the transposed weights of a dense layer", func() *file {
		f := newFile(6)
		w := f.random(3, 6)
		f.from(w).add("Transpose", nil, ints("perm", 1, 0))
		return f.from("x").add("MatMul", list("v0"))
	}(), "NC", "linear"},
}

func chain() *file {
	f := newFile(2, 8, 8)
	f.add("Conv", list(f.random(4, 2, 3, 3), f.random(4)), ints("pads", 1, 1, 1, 1)).add("Relu", nil)
	f.add("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2)).add("Flatten", nil)
	return f.add("Gemm", list(f.random(64, 3), f.random(3)))
}

func reversed(f *file) *file {
	nodes := f.Graph.Nodes
	for i := range len(nodes) / 2 {
		nodes[i], nodes[len(nodes)-1-i] = nodes[len(nodes)-1-i], nodes[i]
	}
	return f
}

func initializersAsInputs(f *file) *file {
	for _, w := range f.Graph.Initializers {
		in := onnxpb.Value{Name: w.Name, Type: w.Type}
		for _, d := range w.Dims {
			in.Shape = append(in.Shape, onnxpb.Dim{Value: d})
		}
		f.Graph.Inputs = append([]onnxpb.Value{in}, f.Graph.Inputs...)
	}
	return f
}

func fixed(f *file, batch int64) *file {
	f.Graph.Inputs[0].Shape[0] = onnxpb.Dim{Value: batch}
	return f
}

func lastFlattened() *file {
	f := newFile(6, 5, 3)
	f.add("Transpose", nil, ints("perm", 0, 3, 1, 2)).add("Conv", list(f.random(4, 3, 3, 3))).add("Relu", nil)
	f.add("Transpose", nil, ints("perm", 0, 2, 3, 1)).add("Reshape", list(f.ints(-1, 48)))
	return f.add("MatMul", list(f.random(48, 5))).add("Add", list(f.random(5)))
}

func lastEverywhere() *file {
	f := newFile(6, 6, 3)
	for _, in := range []int{3, 4} {
		f.add("Transpose", nil, ints("perm", 0, 3, 1, 2)).add("Conv", list(f.random(4, in, 3, 3)))
		f.add("Transpose", nil, ints("perm", 0, 2, 3, 1)).add("Add", list(f.random(4))).add("Relu", nil)
	}
	return f.add("ReduceMean", nil, ints("axes", 1, -2), integer("keepdims", 0))
}

func same(mode string) *file {
	f := newFile(2, 7, 8)
	return f.add("Conv", list(f.random(3, 2, 3, 4)), word("auto_pad", mode), ints("strides", 2, 2))
}

func norms() *file {
	f := newFile(3, 5, 5)
	norm := func(epsilon float32) {
		f.add("BatchNormalization", list(f.random(3), f.random(3), f.random(3), f.positive(3)),
			real("epsilon", epsilon))
	}
	norm(1e-3)
	f.add("Conv", list(f.random(3, 3, 3, 3)), ints("pads", 1, 1, 1, 1)).add("Add", list("v0"))
	norm(1e-5)
	return f.add("Relu", nil)
}

// splitNorm adds a layer norm as PyTorch exports it before opset 17.
func splitNorm(f *file, axis int64) *file {
	x := f.last
	channels := map[int64]int{-1: 4, 1: 6}[axis]
	shape := []int{channels}
	if len(f.Graph.Inputs[0].Shape) == 4 {
		shape = []int{4, 1, 1}
	}
	over := ints("axes", axis)
	f.add("ReduceMean", nil, over)
	mean := f.last
	f.from(x).add("Sub", list(mean))
	d := f.last
	f.add("Pow", list(f.floats([]float32{2}))).add("ReduceMean", nil, over).add("Add", list(f.floats([]float32{1e-5})))
	root := f.add("Sqrt", nil).last
	return f.from(d).add("Div", list(root)).add("Mul", list(f.random(shape...))).add("Add", list(f.random(shape...)))
}

// shapeArithmetic flattens as PyTorch's view(x.size(0), -1) is exported.
func shapeArithmetic() *file {
	f := newFile(3, 4, 4)
	f.add("Relu", nil)
	f.add("Shape", nil).add("Gather", list(f.initializer(onnxpb.Tensor{Type: onnxpb.Int64, Int64s: []int64{0}})))
	f.add("Unsqueeze", list(f.ints(0))).add("Concat", list(f.ints(-1)), integer("axis", 0))
	return f.from("v0").add("Reshape", list("v4")).add("Gemm", list(f.random(48, 2)))
}
