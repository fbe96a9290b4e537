package fromonnx_test

import (
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/onnxpb"
)

// quotientForms are functions that some write in single operators, the last of them a division.
var quotientForms = []form{
	{"a sigmoid", newFile(3, 4, 4).expo().add("Reciprocal", nil).add("Mul", list("x")), "NCHW", "silu"},
	{"a sigmoid as a quotient, at the end", func() *file {
		f := newFile(5)
		f.add("Tanh", nil).add("Neg", nil).add("Exp", nil).add("Add", list(f.floats([]float32{1})))
		return f.from(f.floats([]float32{1}, 1)).add("Div", list("v3"))
	}(), "NC", "tanh"},
	{"a SiLU", newFile(3, 4, 4).expo().from("x").add("Div", list("v2")), "NCHW", "silu"},
	{"a softmax", func() *file {
		f := newFile(3, 4, 4)
		f.add("ReduceMax", nil, ints("axes", 1)).from("x").add("Sub", list("v0")).add("Exp", nil)
		return f.add("ReduceSum", list(f.ints(1))).from("v2").add("Div", list("v3")).add("Relu", nil)
	}(), "NCHW", "softmax relu"},
	{"a softmax without its maximum", func() *file {
		f := newFile(6).add("Exp", nil)
		return f.add("ReduceSum", list(f.ints(-1))).from("v0").add("Div", list("v1")).add("Tanh", nil)
	}(), "NC", "softmax tanh"},
	{"a GELU by a tanh", func() *file {
		f := newFile(7)
		f.add("Pow", list(f.floats([]float32{3}))).add("Mul", list(f.floats([]float32{0.044715}))).add("Add", list("x"))
		f.add("Mul", list(f.floats([]float32{0.7978846}))).add("Tanh", nil).add("Add", list(f.floats([]float32{1})))
		return f.add("Mul", list("x")).add("Mul", list(f.floats([]float32{0.5})))
	}(), "NC", "mul mul reshape conv2d flatten add reshape conv2d flatten tanh reshape conv2d flatten mul reshape " +
		"conv2d flatten"},
	{"a square of what is scaled", func() *file {
		f := newFile(3, 4, 4)
		return f.add("Mul", list(f.random(3, 1, 1))).add("Pow", list(f.floats([]float32{2})))
	}(), "NCHW", "conv2d mul"},
}

// expo is 1 + exp(−x).
func (f *file) expo() *file {
	return f.add("Neg", nil).add("Exp", nil).add("Add", list(f.floats([]float32{1})))
}

func TestQuotientForms(t *testing.T) { testForms(t, quotientForms) }

// TestBrokenQuotients: nodes without results or inputs are part of no form, and break nothing.
func TestBrokenQuotients(t *testing.T) {
	for name, change := range map[string]func(nodes []onnxpb.Node){
		"no result":         func(nodes []onnxpb.Node) { nodes[len(nodes)-1].Outputs = nil },
		"no input of a sum": func(nodes []onnxpb.Node) { nodes[3].Inputs = nil },
		"no input of a top": func(nodes []onnxpb.Node) { nodes[0].Inputs = nil },
		"no input at all": func(nodes []onnxpb.Node) {
			for i := range nodes {
				nodes[i].Inputs = nil
			}
		},
	} {
		for _, f := range []*file{
			newFile(3, 4, 4).expo().add("Reciprocal", nil),
			func() *file {
				f := newFile(3, 4, 4).add("ReduceMax", nil, ints("axes", 1)).from("x").add("Sub", list("v0"))
				f.add("Exp", nil)
				return f.add("ReduceSum", list(f.ints(1))).from("v2").add("Div", list("v3"))
			}(),
			splitNorm(newFile(6), 1),
		} {
			last := f.last
			change(f.Graph.Nodes)
			f.from(last).add("Relu", nil)
			if _, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{}); err == nil {
				t.Errorf("%s: was imported", name)
			}
		}
	}
}
