package onnxpb

import "fmt"

// DataType is the type of a tensor's elements.
type DataType int32

// The types of elements.
const (
	Float DataType = iota + 1
	Uint8
	Int8
	Uint16
	Int16
	Int32
	Int64
	String
	Bool
	Float16
	Double
	Uint32
	Uint64
	Complex64
	Complex128
	Bfloat16
	Uint4 DataType = 21
	Int4  DataType = 22
)

var dataTypes = map[DataType]string{
	Float: "FLOAT", Uint8: "UINT8", Int8: "INT8", Uint16: "UINT16", Int16: "INT16", Int32: "INT32", Int64: "INT64",
	String: "STRING", Bool: "BOOL", Float16: "FLOAT16", Double: "DOUBLE", Uint32: "UINT32", Uint64: "UINT64",
	Complex64: "COMPLEX64", Complex128: "COMPLEX128", Bfloat16: "BFLOAT16", Uint4: "UINT4", Int4: "INT4",
}

// String is the type's name in onnx.proto.
func (t DataType) String() string {
	if name, ok := dataTypes[t]; ok {
		return name
	}
	return fmt.Sprintf("DataType(%d)", int32(t))
}

// Model is ModelProto: a whole file.
type Model struct {
	IRVersion       int64      // 1
	Producer        string     // 2 producer_name
	ProducerVersion string     // 3
	Doc             string     // 6 doc_string
	Graph           Graph      // 7
	Opsets          []Opset    // 8 opset_import
	Metadata        []Entry    // 14 metadata_props
	Functions       []Function // 25
}

// Function is FunctionProto: an operator that the file itself defines.
type Function struct {
	Name       string      // 1
	Inputs     []string    // 4
	Outputs    []string    // 5
	Parameters []string    // 6 attribute: names without a default
	Nodes      []Node      // 7
	Domain     string      // 10
	Defaults   []Attribute // 11 attribute_proto
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
	Sparse       int      // how many 15 sparse_initializer there are
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

// The types of attributes.
const (
	FloatAttribute AttributeType = iota + 1
	IntAttribute
	StringAttribute
	TensorAttribute
	GraphAttribute // its graph is not read
	FloatsAttribute
	IntsAttribute
	StringsAttribute
)

// Attribute is AttributeProto.
type Attribute struct {
	Name      string        // 1
	Float     float32       // 2
	Int       int64         // 3
	String    string        // 4
	Tensor    *Tensor       // 5
	Floats    []float32     // 7
	Ints      []int64       // 8
	Strings   []string      // 9
	Type      AttributeType // 20; 0 in files of the first versions
	Parameter string        // 21 ref_attr_name: of the function that the node is in
}

// Tensor is TensorProto. Its elements are in Raw, little-endian, row-major, two
// to a byte below 8 bits, the first in the low half; or in the list that its
// type has; or in a file beside the model's.
type Tensor struct {
	Dims     []int64   // 1; empty: a scalar
	Type     DataType  // 2 data_type
	Segment  bool      // 3 is there: a part of a tensor
	Floats   []float32 // 4 float_data: FLOAT
	Int32s   []int64   // 5 int32_data: integers of up to 32 bits, BOOL, and the bits of FLOAT16 and BFLOAT16
	Strings  []string  // 6 string_data
	Int64s   []int64   // 7 int64_data
	Name     string    // 8
	Raw      []byte    // 9 raw_data
	Doubles  []float64 // 10 double_data
	Uint64s  []int64   // 11 uint64_data: UINT32, UINT64
	External []Entry   // 13 external_data: location, offset, length
	Outside  bool      // 14 data_location is EXTERNAL
}

// Value is ValueInfoProto: a graph's input or output.
type Value struct {
	Name     string   // 1
	Type     DataType // 2.1.1 elem_type; 0: no tensor, but a sequence, a map …
	Shape    []Dim    // 2.1.2 dim
	Unranked bool     // 2.1.2 is missing
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
