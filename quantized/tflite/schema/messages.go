package schema

// Model is a whole file, with one graph.
type Model struct {
	Description string
	Graph       Graph
	Buffers     [][]byte // constant data; the first is empty, for tensors without
	Metadata    []Entry
}

// Entry is one thing that a file says of itself.
type Entry struct{ Key, Value string }

// Graph is a list of operators in the order of their execution.
type Graph struct {
	Name      string
	Tensors   []Tensor
	Inputs    []int32 // places in Tensors, as all of the operators'
	Outputs   []int32
	Operators []Operator
}

// Tensor is an activation or, with a buffer, a constant.
type Tensor struct {
	Name   string
	Type   Type
	Shape  []int32
	Buffer uint32 // place in Model.Buffers; 0: none
	Quant  Quant
}

// Quant says how integers represent real numbers, r = Scale·(q − Zero): with
// one scale, or one for each index of dimension Axis. Without scales a tensor
// is not quantized.
type Quant struct {
	Scale []float32
	Zero  []int64
	Axis  int32
}

// Operator is one step of the graph.
type Operator struct {
	Code       Code
	Version    int32 // of the operator; runtimes refuse those that they do not know
	Inputs     []int32
	Outputs    []int32
	Attributes []Attribute // in any order; those left out are 0
}

// Attribute is one of an operator's options, by its name in the schema. Which
// of the values counts depends on the name.
type Attribute struct {
	Name  string
	Int   int32
	Float float32
	Ints  []int32
}

// Attribute returns the operator's attribute of the given name.
func (o *Operator) Attribute(name string) (a Attribute, ok bool) {
	for _, a := range o.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}
