package fromonnx_test

import (
	"math"
	"strings"
	"testing"

	"petrify/graph"
	"petrify/graph/fromonnx"
	"petrify/internal/imported"
	"petrify/internal/onnxpb"
)

// project adds a dense layer of each position.
func (f *file) project(x string, inputs, outputs int) string {
	f.from(x).add("MatMul", list(f.random(inputs, outputs)))
	return f.add("Add", list(f.random(outputs))).last
}

// heads brings a value of n positions and c channels to heads × n × c/heads.
func (f *file) heads(x string, heads, n, c int, perm ...int64) string {
	f.from(x).add("Reshape", list(f.ints(0, int64(n), int64(heads), int64(c/heads))))
	return f.add("Transpose", nil, ints("perm", perm...)).last
}

// attends adds the attention of n positions to themselves, the batch first.
func (f *file) attends(heads, n, c int) *file {
	x := f.last
	q := f.heads(f.project(x, c, c), heads, n, c, 0, 2, 1, 3)
	k := f.heads(f.project(x, c, c), heads, n, c, 0, 2, 3, 1)
	v := f.heads(f.project(x, c, c), heads, n, c, 0, 2, 1, 3)
	f.from(q).add("MatMul", list(k)).add("Div", list(f.floats([]float32{float32(math.Sqrt(float64(c / heads)))})))
	f.add("Softmax", nil, integer("axis", -1)).add("MatMul", list(v)).add("Transpose", nil, ints("perm", 0, 2, 1, 3))
	f.add("Reshape", list(f.ints(0, int64(n), int64(c))))
	f.project(f.last, c, c)
	return f
}

// attendsSecond is the attention as PyTorch's MultiheadAttention writes it, with the
// batch second, and among the heads.
func (f *file) attendsSecond(heads, n, c int) *file {
	each := c / heads
	f.add("Transpose", nil, ints("perm", 1, 0, 2)).add("MatMul", list(f.random(c, 3*c))).add("Add", list(f.random(3*c)))
	f.add("Split", nil, integer("axis", 2)).outputs(3)
	whole := f.last
	var parts []string
	for i, name := range []string{whole, whole + ".1", whole + ".2"} {
		f.from(name).add("Reshape", list(f.ints(int64(n), -1, int64(each))))
		if i == 0 {
			f.add("Mul", list(f.floats([]float32{float32(1 / math.Sqrt(float64(each)))})))
		}
		perm := []int64{1, 0, 2}
		if i == 1 {
			perm = []int64{1, 2, 0}
		}
		parts = append(parts, f.add("Transpose", nil, ints("perm", perm...)).last)
	}
	f.from(parts[0]).add("MatMul", list(parts[1])).add("Softmax", nil, integer("axis", -1))
	f.add("MatMul", list(parts[2]))
	f.add("Transpose", nil, ints("perm", 1, 0, 2)).add("Reshape", list(f.ints(-1, int64(c))))
	f.add("Gemm", list(f.random(c, c), f.random(c)))
	return f.add("Reshape", list(f.ints(int64(n), -1, int64(c)))).add("Transpose", nil, ints("perm", 1, 0, 2))
}

// attentionForms are what exporters write of attention.
var attentionForms = []form{
	{"one head", newFile(6, 4).attends(1, 6, 4), "NLC",
		"conv2d conv2d conv2d attention_scores softmax attention_values conv2d"},
	{"heads", newFile(6, 8).attends(4, 6, 8), "NLC",
		"conv2d conv2d conv2d attention_scores softmax attention_values conv2d"},
	{"the batch second, and among the heads", newFile(6, 8).attendsSecond(2, 6, 8), "NLC",
		"conv2d slice slice slice attention_scores softmax attention_values conv2d"},
	{"attention to an image", func() *file { // Zhang et al., “Self-attention generative adversarial networks”
		f := newFile(4, 3, 5)
		f.add("Conv", list(f.random(6, 4, 1, 1))).add("Reshape", list(f.ints(0, 6, 15)))
		q := f.add("Transpose", nil, ints("perm", 0, 2, 1)).last
		k := f.from("x").add("Conv", list(f.random(6, 4, 1, 1))).add("Reshape", list(f.ints(0, 6, 15))).last
		v := f.from("x").add("Conv", list(f.random(4, 4, 1, 1))).add("Reshape", list(f.ints(0, 4, 15))).last
		p := f.from(q).add("MatMul", list(k)).add("Softmax", nil).add("Transpose", nil, ints("perm", 0, 2, 1)).last
		f.from(v).add("MatMul", list(p)).add("Reshape", list(f.ints(0, 4, 3, 5))).add("Mul", list(f.random(1)))
		return f.add("Add", list("x"))
	}(), "NCHW", "conv2d conv2d conv2d reshape reshape attention_scores softmax reshape attention_values " +
		"conv2d reshape add"},
	{"a softmax of each pixel", newFile(3, 4, 4).add("Relu", nil).add("Softmax", nil, integer("axis", 1)), "NCHW",
		"relu softmax"},
	{"a constant of each position", func() *file {
		f := newFile(4, 3)
		f.project("x", 3, 5)
		f.add("Add", list(f.random(1, 4, 5))).add("Add", list(f.random(4, 1)))
		f.project(f.last, 5, 2)
		return f
	}(), "NLC", "conv2d reshape conv2d reshape conv2d"},
	{"a token before the positions", func() *file {
		f := newFile(4, 3)
		x := f.project("x", 3, 5)
		f.from(f.random(1, 1, 5)).add("Expand", list(f.tokenShape(x)))
		f.add("Concat", list(x), integer("axis", 1)).add("Add", list(f.random(5, 5)))
		first := f.initializer(onnxpb.Tensor{Type: onnxpb.Int64, Int64s: []int64{0}})
		return f.add("Gather", list(first), integer("axis", 1)).add("Gemm", list(f.random(5, 2)))
	}(), "NLC", "conv2d pad reshape conv2d reshape slice flatten linear"},
	{"features joined where the batch is second", func() *file {
		f := newFile(4, 3).add("Transpose", nil, ints("perm", 1, 0, 2)).add("Tanh", nil)
		f.from("v0").add("Concat", list("v1"), integer("axis", 2)).add("MatMul", list(f.random(6, 2)))
		return f.add("Transpose", nil, ints("perm", 1, 0, 2))
	}(), "NLC", "tanh concat conv2d"},
	{"a batch of one in the file, second", fixed(newFile(6, 8), 1).attendsSecond(2, 6, 8), "NLC",
		"conv2d slice slice slice attention_scores softmax attention_values conv2d"},
	{"a batch of four in the file, second", fixed(newFile(6, 8), 4).attendsSecond(2, 6, 8), "NLC",
		"conv2d slice slice slice attention_scores softmax attention_values conv2d"},
	{"a dense layer of a matrix of all positions", func() *file {
		f := newFile(4, 3).add("Reshape", nil)
		f.Graph.Nodes[0].Inputs = append(f.Graph.Nodes[0].Inputs, f.ints(-1, 3))
		f.add("Gemm", list(f.random(3, 5), f.random(5))).add("Relu", nil)
		return f.add("Reshape", list(f.ints(-1, 4, 5))).add("ReduceMean", nil, ints("axes", 1), integer("keepdims", 0))
	}(), "NLC", "conv2d relu global_avg_pool flatten"},
}

// tokenShape is computed: the batch of x, 1, 5.
func (f *file) tokenShape(x string) string {
	last := f.last
	f.from(x).add("Shape", nil).add("Gather", list(f.ints(0)))
	shape := f.add("Concat", list(f.ints(1, 5)), integer("axis", 0)).last
	f.from(last)
	return shape
}

func TestAttentionForms(t *testing.T) { testForms(t, attentionForms) }

// TestAttentionScale: the factor of the scores is the layer's, wherever the file has it.
func TestAttentionScale(t *testing.T) {
	for name, factor := range map[string]float32{"usual": float32(1 / math.Sqrt(2)), "other": 3} {
		for at := range 3 {
			f := newFile(5, 4)
			q := f.heads(f.project("x", 4, 4), 2, 5, 4, 0, 2, 1, 3)
			k := f.heads(f.project("x", 4, 4), 2, 5, 4, 0, 2, 3, 1)
			c := f.floats([]float32{factor})
			switch at {
			case 0:
				q = f.from(q).add("Relu", nil).add("Mul", list(c)).last
			case 1:
				k = f.from(k).add("Relu", nil).add("Mul", list(c)).last
			}
			if f.from(q).add("MatMul", list(k)); at == 2 {
				f.add("Mul", list(c))
			}
			f.add("Softmax", nil).add("Transpose", nil, ints("perm", 0, 3, 1, 2))
			m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range m.Network.Layers {
				if want := factor; l.Kind == graph.KindAttentionScores {
					if name == "usual" {
						want = 0
					}
					if l.Scale != want {
						t.Errorf("%s, place %d: got scale %v, want %v", name, at, l.Scale, want)
					}
				}
			}
			if c, err := imported.Compare(m, 16); err != nil || !(c.Relative() < 1e-5) || c.Greatest == 0 {
				t.Errorf("%s, place %d: got %+v, error %v", name, at, c, err)
			}
		}
	}
}

// TestBatchMixed: what computes of several inputs of a batch together is refused, wherever
// the file has the batch.
func TestBatchMixed(t *testing.T) {
	second := func() *file { return newFile(4, 3).add("Transpose", nil, ints("perm", 1, 0, 2)) }
	for name, f := range map[string]*file{
		"its output has it second":      second(),
		"a softmax over it":             second().add("Softmax", nil, integer("axis", 1)),
		"a mean over it":                second().add("ReduceMean", nil, ints("axes", 1)),
		"a row of it":                   second().slice([]int64{0}, []int64{1}, []int64{1}, []int64{1}),
		"a part of heads that it is in": second().add("Reshape", nil),
		"a product over it": newFile(4, 3).add("Transpose", nil, ints("perm", 1, 2, 0)).
			add("MatMul", list("v0")),
		"positions taken for the batch":  newFile(4, 3).add("Reshape", nil),
		"attention to the inputs beside": newFile(4, 4),
	} {
		switch name {
		case "a part of heads that it is in":
			f.Graph.Nodes[1].Inputs = append(f.Graph.Nodes[1].Inputs, f.ints(4, -1, 1))
			f.add("Slice", list(f.ints(0), f.ints(2), f.ints(1))).add("Reshape", list(f.ints(-1, 4, 2)))
		case "positions taken for the batch":
			f.Graph.Nodes[0].Inputs = append(f.Graph.Nodes[0].Inputs, f.ints(4, -1, 3))
			f.add("ReduceMean", nil, ints("axes", 0)).add("Reshape", list(f.ints(-1, 3)))
		case "attention to the inputs beside":
			f.add("Transpose", nil, ints("perm", 1, 0, 2))
			k := f.add("Transpose", nil, ints("perm", 0, 2, 1)).last
			f.from("v0").add("MatMul", list(k)).add("Softmax", nil).add("MatMul", list("v0"))
			f.add("Transpose", nil, ints("perm", 1, 0, 2))
		case "a product over it":
			f.Graph.Nodes[1].Inputs[1] = f.from("x").add("Transpose", nil, ints("perm", 1, 0, 2)).last
			f.from("v1")
			f.Graph.Nodes[1], f.Graph.Nodes[2] = f.Graph.Nodes[2], f.Graph.Nodes[1]
		}
		_, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
		if err == nil || !strings.Contains(err.Error(), "cannot be imported") ||
			!strings.Contains(err.Error(), "batch") {
			t.Errorf("%s: got error %v, want a refusal that names the batch", name, err)
		}
	}
}

// TestBatchElsewhere: operators with axes of their own, such as those of images, take no batch that is not
// first, also where the file fixes a batch of one.
func TestBatchElsewhere(t *testing.T) {
	for _, batch := range []int64{0, 1, 2} {
		for name, add := range map[string]func(f *file){
			"BatchNormalization": func(f *file) {
				f.add("BatchNormalization", list(f.random(3), f.random(3), f.random(3), f.positive(3)))
			},
			"Conv":              func(f *file) { f.add("Conv", list(f.random(2, 3, 1))) },
			"GlobalAveragePool": func(f *file) { f.add("GlobalAveragePool", nil) },
			"Pad":               func(f *file) { f.add("Pad", list(f.ints(1, 0, 0, 0, 0, 0))) },
			"ai.onnx.ml.Scaler": func(f *file) {
				f.add("Scaler", nil, onnxpb.Attribute{Name: "scale", Type: onnxpb.FloatsAttribute,
					Floats: []float32{2}}).domain("ai.onnx.ml")
			},
			"Concat": func(f *file) {
				f.from(f.random(1, int(max(batch, 1)), 5)).add("Concat", list("v0"), integer("axis", 0))
			},
		} {
			f := newFile(3, 5)
			if batch > 0 {
				fixed(f, batch)
			}
			f.add("Transpose", nil, ints("perm", 1, 0, 2))
			if name == "Conv" || name == "BatchNormalization" {
				f = newFile(5, 4)
				if fixed(f, max(batch, 1)); batch == 0 {
					f = newFile(5, 4)
				}
				f.add("Transpose", nil, ints("perm", 1, 2, 0)) // 5, 4, N
			}
			add(f)
			f.add("Transpose", nil, ints("perm", 1, 0, 2))
			if m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{}); err == nil {
				if c, err := imported.Compare(m, 4); err != nil || !(c.Relative() < 1e-5) {
					t.Errorf("%s, batch %d: was imported: %+v, error %v", name, batch, c, err)
				}
			} else if !strings.Contains(err.Error(), "cannot be imported") {
				t.Errorf("%s, batch %d: %v", name, batch, err)
			}
		}
	}
}

// TestSharedWeights: two calls of a module share weights, and are refused; modules with equal weights,
// which PyTorch's exporter stores once, are imported, and the import says so.
func TestSharedWeights(t *testing.T) {
	for _, tt := range []struct {
		first, second string
		shared        bool
	}{
		{"/fc/MatMul", "/fc_1/MatMul", true},
		{"/block/fc/MatMul", "/block_1/fc/MatMul", true},
		{"/fc/MatMul", "/fc/MatMul_1", true},
		{"MatMul_1", "MatMul_2", true},
		{"a/b", "c/d", true},
		{"/layers.0/fc/MatMul", "/layers.1/fc/MatMul", false},
		{"/q/MatMul", "/k/MatMul", false},
	} {
		f := newFile(4)
		w := f.random(4, 4)
		f.add("MatMul", list(w)).add("Relu", nil).add("MatMul", list(w))
		f.Graph.Nodes[0].Name, f.Graph.Nodes[2].Name = tt.first, tt.second
		m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
		if refused := err != nil && strings.Contains(err.Error(), "it shares the weights"); refused != tt.shared {
			t.Errorf("%s and %s: got error %v", tt.first, tt.second, err)
		}
		if err == nil && (len(m.Assumed) == 0 || !strings.Contains(m.Assumed[0], "train apart")) {
			t.Errorf("%s and %s: assumed %q", tt.first, tt.second, m.Assumed)
		}
	}
}
