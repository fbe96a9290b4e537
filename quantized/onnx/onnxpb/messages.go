package onnxpb

import "fmt"

// DataType is the type of a tensor's elements.
type DataType int32

// The types that petrify writes.
const (
	Float DataType = 1
	Uint8 DataType = 2
	Int8  DataType = 3
	Int32 DataType = 6
	Int64 DataType = 7
	Uint4 DataType = 21
	Int4  DataType = 22
)

// String is the type's name in onnx.proto.
func (t DataType) String() string {
	switch t {
	case Float:
		return "FLOAT"
	case Uint8:
		return "UINT8"
	case Int8:
		return "INT8"
	case Int32:
		return "INT32"
	case Int64:
		return "INT64"
	case Uint4:
		return "UINT4"
	case Int4:
		return "INT4"
	}
	return fmt.Sprintf("DataType(%d)", int32(t))
}

// Model is ModelProto: a whole file.
type Model struct {
	IRVersion       int64   // 1
	Producer        string  // 2 producer_name
	ProducerVersion string  // 3
	Doc             string  // 6 doc_string
	Graph           Graph   // 7
	Opsets          []Opset // 8 opset_import
	Metadata        []Entry // 14 metadata_props
}

// Opset is OperatorSetIdProto: a version of the operators of a domain.
type Opset struct {
	Domain  string // 1; empty: ONNX's own
	Version int64  // 2
}

// Entry is StringStringEntryProto.
type Entry struct {
	Key   string // 1
	Value string // 2
}

// Graph is GraphProto.
type Graph struct {
	Nodes        []Node   // 1
	Name         string   // 2
	Initializers []Tensor // 5
	Inputs       []Value  // 11
	Outputs      []Value  // 12
}

// Node is NodeProto: an operator applied to named values.
type Node struct {
	Inputs     []string    // 1; an empty name is an input left out
	Outputs    []string    // 2
	Name       string      // 3
	Op         string      // 4 op_type
	Attributes []Attribute // 5
	Domain     string      // 7
}

// AttributeType says which field of an [Attribute] is set.
type AttributeType int32

// The types of attributes that petrify writes.
const (
	FloatAttribute AttributeType = 1
	IntAttribute   AttributeType = 2
	IntsAttribute  AttributeType = 7
)

// Attribute is AttributeProto.
type Attribute struct {
	Name  string        // 1
	Float float32       // 2
	Int   int64         // 3
	Ints  []int64       // 8
	Type  AttributeType // 20
}

// Tensor is TensorProto with its elements in raw_data: little-endian,
// row-major, two to a byte below 8 bits, the first in the low half.
type Tensor struct {
	Dims []int64  // 1; empty: a scalar
	Type DataType // 2 data_type
	Name string   // 8
	Raw  []byte   // 9 raw_data
}

// Value is ValueInfoProto with a tensor type: a graph's input or output.
type Value struct {
	Name  string   // 1
	Type  DataType // 2.1.1 elem_type
	Shape []Dim    // 2.1.2 dim
}

// Dim is a dimension: a number, or a name for one that varies.
type Dim struct {
	Value int64  // 1
	Name  string // 2 dim_param
}

// Attribute returns the attribute of the given name.
func (n *Node) Attribute(name string) (a Attribute, ok bool) {
	for _, a := range n.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// Initializer returns the constant tensor of the given name.
func (g *Graph) Initializer(name string) (t Tensor, ok bool) {
	for _, t := range g.Initializers {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}
