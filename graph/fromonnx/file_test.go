package fromonnx_test

import (
	"fmt"
	"math/rand/v2"

	"petrify/internal/onnxpb"
)

// file is an ONNX file in the making. Its nodes are a chain unless they name
// other inputs.
type file struct {
	onnxpb.Model
	rng  *rand.Rand
	last string
}

// newFile is a file with an input x of the given shape without the batch.
func newFile(shape ...int) *file {
	f := &file{rng: rand.New(rand.NewPCG(1, 2)), last: "x"}
	f.Opsets = []onnxpb.Opset{{Version: 13}, {Domain: "ai.onnx.ml", Version: 2}}
	in := onnxpb.Value{Name: "x", Type: onnxpb.Float, Shape: []onnxpb.Dim{{Name: "batch"}}}
	for _, d := range shape {
		in.Shape = append(in.Shape, onnxpb.Dim{Value: int64(d)})
	}
	f.Graph.Inputs = []onnxpb.Value{in}
	return f
}

// add adds a node that takes the last one's result, and then the given inputs.
func (f *file) add(op string, inputs []string, attributes ...onnxpb.Attribute) *file {
	out := fmt.Sprint("v", len(f.Graph.Nodes))
	f.Graph.Nodes = append(f.Graph.Nodes, onnxpb.Node{Op: op, Name: fmt.Sprint(op, len(f.Graph.Nodes)),
		Inputs: append([]string{f.last}, inputs...), Outputs: []string{out}, Attributes: attributes})
	f.last = out
	return f
}

// from makes the next node take another value.
func (f *file) from(value string) *file { f.last = value; return f }

// domain is that of the last node.
func (f *file) domain(name string) *file {
	f.Graph.Nodes[len(f.Graph.Nodes)-1].Domain = name
	return f
}

// random is an initializer of random numbers.
func (f *file) random(shape ...int) string {
	n := 1
	for _, d := range shape {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(f.rng.NormFloat64()) * 0.5
	}
	return f.floats(values, shape...)
}

// positive is an initializer of random numbers above ½.
func (f *file) positive(shape ...int) string {
	name := f.random(shape...)
	values := f.Graph.Initializers[len(f.Graph.Initializers)-1].Floats
	for i, v := range values {
		values[i] = 0.5 + v*v
	}
	return name
}

func (f *file) floats(values []float32, shape ...int) string {
	return f.initializer(onnxpb.Tensor{Type: onnxpb.Float, Floats: values}, shape...)
}

func (f *file) ints(values ...int64) string {
	return f.initializer(onnxpb.Tensor{Type: onnxpb.Int64, Int64s: values}, len(values))
}

func (f *file) initializer(t onnxpb.Tensor, shape ...int) string {
	t.Name = fmt.Sprint("c", len(f.Graph.Initializers))
	for _, d := range shape {
		t.Dims = append(t.Dims, int64(d))
	}
	f.Graph.Initializers = append(f.Graph.Initializers, t)
	return t.Name
}

// bytes is the file, with the last value as its output unless it has some.
func (f *file) bytes() []byte {
	if f.Graph.Outputs == nil {
		f.output(f.last, onnxpb.Float)
	}
	return f.Marshal()
}

func (f *file) output(name string, of onnxpb.DataType) *file {
	f.Graph.Outputs = append(f.Graph.Outputs, onnxpb.Value{Name: name, Type: of, Unranked: true})
	return f
}

func ints(name string, values ...int64) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.IntsAttribute, Ints: values}
}

func integer(name string, value int64) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.IntAttribute, Int: value}
}

func real(name string, value float32) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.FloatAttribute, Float: value}
}

func word(name, value string) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.StringAttribute, String: value}
}
