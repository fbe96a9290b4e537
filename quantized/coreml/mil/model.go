package mil

// Model is the content of model.mlmodel: the interface that an application
// sees and the program that implements it.
type Model struct {
	Version  int32 // specification version: 7 iOS16, 8 iOS17, 9 iOS18
	Inputs   []Feature
	Outputs  []Feature
	Label    string // classifier: name of the output that holds the predicted class
	Scores   string // classifier: name of the output that holds the probabilities
	Metadata Metadata
	Program  Program
}

// Metadata is what Xcode shows about a model.
type Metadata struct {
	Description string
	Version     string
	Author      string
	License     string
	Custom      map[string]string
}

// FeatureKind is the kind of an input or output.
type FeatureKind uint8

// The kinds of features, with the fields of [Feature] that each uses.
const (
	Array      FeatureKind = iota + 1 // Shape, Element
	Image                             // Width, Height, Color
	Text                              // a string
	Number                            // an int64
	TextTable                         // a dictionary from string to double
	NumberKeys                        // a dictionary from int64 to double
)

// Color is the pixel layout of an image feature.
type Color int32

// The pixel layouts.
const (
	Gray Color = 10
	RGB  Color = 20
	BGR  Color = 30
)

// String is the layout's name.
func (c Color) String() string {
	switch c {
	case Gray:
		return "grayscale"
	case RGB:
		return "rgb"
	case BGR:
		return "bgr"
	}
	return "unknown"
}

// Feature is one input or output of a model. Its name is the name of a value
// of the program.
type Feature struct {
	Name        string
	Description string
	Kind        FeatureKind
	Shape       []int    // Array
	Element     DataType // Array: Float16, Float32, Float64 or Int32
	Width       int      // Image
	Height      int      // Image
	Color       Color    // Image
}

// Program is the one function of an ML program, named main.
type Program struct {
	Opset      string // "CoreML6", "CoreML7", "CoreML8"
	Inputs     []Named
	Operations []Operation
	Outputs    []string // names of values
}

// Named is a typed name: an input of the program or a result of an operation.
type Named struct {
	Name string
	Type Type
}

// Operation computes Outputs from Inputs. Constants are operations too.
type Operation struct {
	Type       string // such as "conv"
	Inputs     []Argument
	Outputs    []Named
	Attributes []Attribute
}

// Argument binds a parameter to one value, or to several (concat's values).
type Argument struct {
	Name     string
	Bindings []Binding
}

// Binding is a reference to a value by name, or a literal if Value is set.
type Binding struct {
	Name  string
	Value *Value
}

// Attribute is a literal parameter of an operation.
type Attribute struct {
	Name  string
	Value Value
}

// Value is a literal. A tensor's elements are in the one slice that its data
// type is stored in, or, with Blob set, in a weight file.
type Value struct {
	Type Type

	Floats  []float32 // fp32
	Doubles []float64 // fp64
	Ints    []int32   // int32, int16, uint16
	Longs   []int64   // int64, uint64
	Bools   []bool
	Strings []string
	Bytes   []byte // little-endian: fp16, int8, uint8, uint32, and packed bits
	List    []Value
	Blob    *BlobRef
}

// BlobRef points at the header of a record in a weight file.
type BlobRef struct {
	File   string // "@model_path/weights/weight.bin"
	Offset uint64
}

// Argument returns the bindings of the parameter, nil if it is not given.
func (op *Operation) Argument(name string) []Binding {
	for _, a := range op.Inputs {
		if a.Name == name {
			return a.Bindings
		}
	}
	return nil
}

// Attribute returns the literal of the attribute, nil if it is not given.
func (op *Operation) Attribute(name string) *Value {
	for i := range op.Attributes {
		if op.Attributes[i].Name == name {
			return &op.Attributes[i].Value
		}
	}
	return nil
}

// Name is the operation's own name, its attribute "name".
func (op *Operation) Name() string {
	if v := op.Attribute("name"); v != nil && len(v.Strings) == 1 {
		return v.Strings[0]
	}
	return ""
}

// StringValue is a scalar string literal.
func StringValue(s string) Value {
	return Value{Type: TensorOf(String), Strings: []string{s}}
}

// BoolValue is a scalar bool literal.
func BoolValue(b bool) Value { return Value{Type: TensorOf(Bool), Bools: []bool{b}} }

// IntValue is a scalar int32 literal.
func IntValue(n int) Value { return Value{Type: TensorOf(Int32), Ints: []int32{int32(n)}} }

// IntsValue is a vector of int32.
func IntsValue(n ...int) Value {
	v := Value{Type: TensorOf(Int32, len(n)), Ints: make([]int32, len(n))}
	for i := range n {
		v.Ints[i] = int32(n[i])
	}
	return v
}
