package fromonnx_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/imported"
	"petrify/internal/onnxeval"
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

func TestForms(t *testing.T) { testForms(t, forms) }

func testForms(t *testing.T, forms []form) {
	for _, tt := range forms {
		t.Run(tt.name, tt.check)
	}
}

// check imports the form and compares it with the file.
func (tt form) check(t *testing.T) {
	m, err := fromonnx.Decode(tt.file.bytes(), "", fromonnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range m.Network.Layers {
		kinds = append(kinds, l.Kind.String())
	}
	if got := strings.Join(kinds, " "); got != tt.layers || m.Facts.Input.Layout != tt.layout {
		t.Errorf("got %s, %s, want %s, %s", m.Facts.Input.Layout, got, tt.layout, tt.layers)
	}
	c, err := imported.Compare(m, 16)
	if err != nil || !(c.Relative() < 1e-5) || c.Greatest == 0 {
		t.Errorf("got %+v, error %v", c, err)
	}
}

// computesTheSame reports whether a file is imported, and expects the network to
// compute what the file does.
func computesTheSame(t *testing.T, name string, f *file) bool {
	t.Helper()
	m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
	if err != nil {
		if !strings.Contains(err.Error(), "cannot be imported") {
			t.Errorf("%s: got error %v, want a refusal", name, err)
		}
		return false
	}
	if c, err := imported.Compare(m, 16); err != nil || !(c.Relative() < 1e-5) || c.Greatest == 0 {
		t.Errorf("%s: got %+v, error %v", name, c, err)
	}
	return true
}

// TestTails: what ends a network is cut off, and put back for results.
func TestTails(t *testing.T) {
	dense := func(outputs int) *file {
		f := newFile(6)
		return f.add("Gemm", list(f.random(6, outputs), f.random(outputs)))
	}
	for _, tt := range []struct {
		name, cut, output string
		file              *file
	}{
		{"softmax", "[softmax]", "v0", dense(3).add("Softmax", nil)},
		{"log softmax", "[log_softmax]", "v0", dense(3).add("LogSoftmax", nil, integer("axis", 1))},
		{"sigmoid", "[sigmoid]", "v0", dense(1).add("Sigmoid", nil)},
		{"argmax of softmax", "[softmax argmax]", "v0",
			dense(3).add("Softmax", nil).add("ArgMax", nil, integer("axis", 1), integer("keepdims", 0))},
		{"probabilities and a label", "[softmax]", "v0",
			dense(3).add("Softmax", nil).add("ArgMax", nil, integer("axis", 1)).output("v2", onnxpb.Int64).
				output("v1", onnxpb.Float)},
		{"a label that keeps its axis", "[argmax]", "v0",
			dense(3).add("ArgMax", nil, integer("axis", 1)).output("v1", onnxpb.Int64)},
		{"1 − p and p", "[sigmoid two_classes]", "v0", func() *file {
			f := dense(1)
			f.add("Sigmoid", nil)
			one := f.floats([]float32{1}, 1)
			f.from(one).add("Sub", list("v1")).add("Concat", list("v1"), integer("axis", 1))
			return f
		}()},
		{"1 − p alone stays", "[]", "v2", func() *file {
			f := dense(1)
			f.add("Sigmoid", nil)
			return f.from(f.floats([]float32{1}, 1)).add("Sub", list("v1"))
		}()},
		{"a sigmoid that reproduces the input stays", "[]", "v1", func() *file {
			f := dense(6).add("Sigmoid", nil)
			f.Graph.Outputs = []onnxpb.Value{{Name: "v1", Type: onnxpb.Float, Shape: f.Graph.Inputs[0].Shape}}
			return f
		}()},
		{"a softmax alone stays", "[]", "v0", newFile(6).add("Softmax", nil)},
	} {
		m, err := fromonnx.Decode(tt.file.bytes(), "", fromonnx.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if n := len(m.Result.Shape); tt.name == "argmax of softmax" && n != 0 {
			t.Errorf("%s: a result of %d dimensions, want a number", tt.name, n)
		}
		if got := fmt.Sprint(m.Cut); got != tt.cut || m.Output.Name != tt.output {
			t.Errorf("%s: cut %s after %s, want %s after %s", tt.name, got, m.Output.Name, tt.cut, tt.output)
		}
		if err := gives(m); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// gives compares the network's results with the file's, of which each has a
// batch of 8.
func gives(m *fromonnx.Model) error {
	n, err := imported.New(m.Network, m.Weights, m.Facts)
	if err != nil {
		return err
	}
	defer n.Close()
	x := imported.RandomInputs(m, 8, 3)
	y, shape, err := n.Results(x)
	if err != nil {
		return err
	}
	in := onnxeval.Floats(append([]int{8}, m.Facts.Input.Shape...), nil)
	for _, v := range x {
		in.F = append(in.F, float64(v))
	}
	name := m.Result.Name
	results, err := m.Source().Run(map[string]*onnxeval.Tensor{"x": in}, onnxeval.Options{Want: []string{name}})
	if err != nil {
		return err
	}
	if want := results[name].Shape[1:]; !slices.Equal(shape, want) {
		return fmt.Errorf("results of shape %v, want %v", shape, want)
	}
	for i, want := range results[name].Numbers() {
		if math.Abs(float64(y[i])-want) > 1e-6 {
			return fmt.Errorf("result %d is %v, want %v", i, y[i], want)
		}
	}
	return nil
}

// TestNames: a layer is called after its weights, or by its kind and number; two
// layers never have one name.
func TestNames(t *testing.T) {
	f := newFile(4)
	for i, name := range []string{"onnx::MatMul_7", "linear_1.weight", "features.0.weight", "fc/kernel",
		"same.weight"} {
		f.add("MatMul", list(f.random(4, 4))).add("Relu", nil)
		f.Graph.Initializers[i].Name = name
		f.Graph.Nodes[2*i].Inputs[1] = name
	}
	f.Graph.Nodes[0].Name = "/block/block.3/MatMul"
	m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range m.Network.Layers {
		if l.Name != "" {
			names = append(names, l.Name)
		}
	}
	if got, want := fmt.Sprint(names), "[block.3 linear_2 features.0 fc same]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRefusals: what cannot be imported is refused by name, all of it at once.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		file *file
		want []string
	}{
		{"several operators", newFile(4).add("LSTM", nil).add("Conjure", nil).domain("com.example"), []string{
			`node "LSTM0" (LSTM): no layer for operator LSTM; petrify has no recurrent layers`,
			`node "Conjure1" (com.example.Conjure): no layer`}},
		{"several forms", func() *file {
			f := newFile(2, 6, 6)
			f.add("MaxPool", nil, ints("kernel_shape", 2, 2), ints("dilations", 2, 2)).add("Relu", nil)
			return f.add("Pad", list(f.ints(0, 0, 1, 1, 0, 0, 1, 1)), word("mode", "reflect")).add("Mul", list("v1"))
		}(), []string{`node "MaxPool0" (MaxPool): dilations [2 2]`, `node "Pad2" (Pad): mode "reflect"`}},
		{"branches", newFile(4).add("If", nil), []string{"so that its graph has no branches and loops"}},
		{"a product of values that are no image and its channels", newFile(3, 4, 4).
			add("ReduceMean", nil, ints("axes", 2)).add("Mul", list("x")),
			[]string{"values of shapes [1 3 1 4] and [1 3 4 4]"}},
		{"circular padding", func() *file {
			f := newFile(1, 4, 4)
			f.add("Slice", list(f.ints(3), f.ints(4), f.ints(2))).add("Concat", list("x"), integer("axis", 2))
			return f.add("Conv", list(f.random(2, 1, 2, 1)))
		}(), []string{"it joins values of shapes [1 1 1 4] and [1 1 4 4] along axis 2", "circular padding"}},
		{"a map for all channels", func() *file {
			f := newFile(3, 4, 4)
			return f.add("Conv", list(f.random(1, 3, 1, 1))).add("Mul", list("x"))
		}(), []string{"values of shapes [1 1 4 4] and [1 3 4 4]", "one number for each of its channels"}},
		{"weights that two layers share", func() *file {
			f := newFile(4)
			w := f.random(4, 4)
			return f.add("MatMul", list(w)).add("Relu", nil).add("MatMul", list(w))
		}(), []string{`it shares the weights "c0" with node "MatMul0"`}},
		{"a transposition between layers", func() *file {
			f := newFile(2, 4, 4)
			return f.add("Transpose", nil, ints("perm", 0, 1, 3, 2)).add("Conv", list(f.random(2, 2, 3, 3)))
		}(), []string{"transposed in a way that no layer can do"}},
		{"the class of each pixel", newFile(3, 4, 4).add("Relu", nil).add("ArgMax", nil, integer("axis", 1)),
			[]string{"no layer for operator ArgMax"}},
		{"a mean over channels and width", newFile(2, 4, 4).add("ReduceMean", nil, ints("axes", 1, 3)),
			[]string{"it reduces over axes [1 3]"}},
		{"a mean over the batch", newFile(4).add("ReduceMean", nil, ints("axes", 0)), []string{"inputs of a batch"}},
		{"the batch among the features", func() *file {
			f := newFile(4, 6)
			return f.add("Reshape", list(f.ints(-1, 6)))
		}(), []string{"mixes inputs of a batch"}},
		{"an input of open size", func() *file {
			f := newFile(3, 0, 0)
			return f.add("Relu", nil)
		}(), []string{"--shape 3,32,32"}},
		{"NaN among the weights", func() *file {
			f := newFile(2)
			zero := float32(0)
			return f.add("MatMul", list(f.floats([]float32{1, zero / zero}, 2, 1)))
		}(), []string{"element 1 is NaN"}},
		{"two inputs", func() *file {
			f := newFile(4)
			f.Graph.Inputs = append(f.Graph.Inputs, onnxpb.Value{Name: "z", Type: onnxpb.Float})
			return f.add("Add", list("z"))
		}(), []string{`has 2 inputs ["x" "z"]: want one`}},
		{"two outputs", newFile(4).add("Relu", nil).from("x").add("Tanh", nil).output("v0", onnxpb.Float).
			output("v1", onnxpb.Float), []string{"has 2 outputs that are computed apart"}},
		{"constants that take more than petrify is for", func() *file {
			f := newFile(4)
			f.from(f.ints(2048, 2048))
			for i := range 5 {
				f.from("c0").add("ConstantOfShape", nil)
				f.add("ReduceMean", nil, integer("keepdims", 0))
				if f.add("Add", list("x")); i > 0 {
					f.add("Add", list(fmt.Sprint("v", 4*i-2)))
				}
			}
			return f
		}(), []string{"constants that nodes compute take more than"}},
		{"an input larger than petrify is for", newFile(2049, 2048).add("Relu", nil),
			[]string{"want at most 4194304 elements"}},
	} {
		_, err := fromonnx.Decode(tt.file.bytes(), "", fromonnx.Options{})
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got error %v\nwant one with %s", tt.name, err, want)
			}
		}
	}
}

// FuzzDecode: no file makes it panic, and what it imports computes what the file
// does.
func FuzzDecode(f *testing.F) {
	for _, tt := range slices.Concat(forms, fieldForms, moves, attentionForms, quotientForms) {
		f.Add(tt.file.bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := fromonnx.Decode(data, "", fromonnx.Options{})
		if err != nil {
			return
		}
		elements := m.Input.Size() * max(1, m.Facts.Input.Batch)
		for _, l := range m.Layers {
			elements += l.Shape.Size() + l.Parameters
		}
		if elements > 1<<14 {
			return
		}
		n, err := imported.New(m.Network, m.Weights, m.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := imported.Compare(m, 1); err != nil && strings.Contains(err.Error(), "outputs, the file has") {
			t.Fatal(err)
		}
	})
}
