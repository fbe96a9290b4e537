package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// writer builds a graph. Names of values are those of the model's activations
// with a suffix that says what they are:
//
//	NAME/sum           the operator's result, if a function follows
//	NAME/real          the result of the operator, or of the function after it
//	NAME/quantized     after QuantizeLinear
//	NAME/clipped       after the integer Clip, where there is one
//	NAME/dequantized   after DequantizeLinear: what the next operators read
//	NAME/rounded, NAME/passed, NAME/readerN/…   see [passage]
//
// The file's inputs and outputs are named without one.
type writer struct {
	Options
	model    *quantized.Model
	graph    onnxpb.Graph
	readers  map[string]int    // of an activation
	real     map[string]string // activation → the value that stands for its real numbers
	passages map[string]*passage
	tapped   bool            // every activation of a file of int8 is a passage
	taken    map[string]bool // names of values
	err      error           // the first
}

func newWriter(o Options, m *quantized.Model) *writer {
	return &writer{Options: o, model: m, readers: readersOf(m), real: map[string]string{},
		passages: map[string]*passage{}, taken: map[string]bool{}}
}

// name claims a name for a value.
func (w *writer) name(name string) string {
	if w.taken[name] && w.err == nil {
		w.err = fmt.Errorf("onnx: two values would be called %q: rename a layer", name)
	}
	w.taken[name] = true
	return name
}

// node adds an operator with one output and returns the output's name.
func (w *writer) node(op, output string, inputs []string, attributes ...onnxpb.Attribute) string {
	w.graph.Nodes = append(w.graph.Nodes, onnxpb.Node{
		Op: op, Name: output, Inputs: inputs, Outputs: []string{w.name(output)}, Attributes: attributes,
	})
	return output
}

// constant adds an initializer and returns its name.
func (w *writer) constant(name string, t onnxpb.DataType, dims []int64, raw []byte) string {
	w.graph.Initializers = append(w.graph.Initializers,
		onnxpb.Tensor{Name: w.name(name), Type: t, Dims: dims, Raw: raw})
	return name
}

// integer adds a scalar of the given type.
func (w *writer) integer(name string, t onnxpb.DataType, v int32) string {
	return w.constant(name, t, nil, integers(t, v))
}

// integers are the bytes of numbers in a type of 8 bits or more.
func integers(t onnxpb.DataType, values ...int32) []byte {
	var raw []byte
	for _, v := range values {
		switch t {
		case onnxpb.Uint8, onnxpb.Int8:
			raw = append(raw, uint8(v))
		case onnxpb.Int32:
			raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
		default:
			panic(fmt.Sprintf("onnx: integers of type %v", t))
		}
	}
	return raw
}

// floats adds a float32 tensor; without dims it is a scalar.
func (w *writer) floats(name string, values []float32, dims ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return w.constant(name, onnxpb.Float, dims, raw)
}

// int64s adds a vector of int64.
func (w *writer) int64s(name string, values ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return w.constant(name, onnxpb.Int64, []int64{int64(len(values))}, raw)
}

func intAttribute(name string, v int) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.IntAttribute, Int: int64(v)}
}

func floatAttribute(name string, v float32) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.FloatAttribute, Float: v}
}

func intsAttribute(name string, values ...int) onnxpb.Attribute {
	return onnxpb.Attribute{Name: name, Type: onnxpb.IntsAttribute, Ints: dims(values)}
}

func dims(shape []int) []int64 {
	d := make([]int64, len(shape))
	for i, n := range shape {
		d[i] = int64(n)
	}
	return d
}

// value describes an input or output of the file: the batch, then shape.
func (w *writer) value(name string, t onnxpb.DataType, shape ...int) onnxpb.Value {
	v := onnxpb.Value{Name: name, Type: t, Shape: []onnxpb.Dim{{Name: "batch"}}}
	if w.Batch > 0 {
		v.Shape[0] = onnxpb.Dim{Value: int64(w.Batch)}
	}
	for _, d := range shape {
		v.Shape = append(v.Shape, onnxpb.Dim{Value: int64(d)})
	}
	return v
}
