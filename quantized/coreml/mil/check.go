package mil

import (
	"errors"
	"fmt"
	"slices"
)

// maxRank is the greatest number of dimensions that Core ML runs.
const maxRank = 5

// opsets are the operation sets by specification version.
var opsets = [...]struct {
	version int32
	opset   string
}{{7, "CoreML6"}, {8, "CoreML7"}, {9, "CoreML8"}}

// Opset is the operation set of a specification version, "" if unknown.
func Opset(version int32) string {
	for _, o := range opsets {
		if o.version == version {
			return o.opset
		}
	}
	return ""
}

// Check returns an error unless a strict loader would accept the package: known
// version and opset; well-formed and unique names; operations that use only
// what was defined before; every parameter present and no other; every declared
// type equal to the one inferred from the operation's definition; rank at most
// 5; positive scales; literals of as many bytes as their types need; and an
// interface that repeats the program's inputs and outputs, in their order.
//
// It knows the operations that this module writes; a package of other origin
// may be valid and yet be refused. A fault in an operation is an
// [OperationError].
func Check(p *Package) error {
	c := newChecker(p)
	if want := Opset(p.Model.Version); want == "" || p.Model.Program.Opset != want {
		return fmt.Errorf("mil: specification %d with opset %q: want 7 CoreML6, 8 CoreML7 or 9 CoreML8",
			p.Model.Version, p.Model.Program.Opset)
	}
	program := &p.Model.Program
	for _, in := range program.Inputs {
		if err := c.declare(in); err != nil {
			return fmt.Errorf("mil: input %q: %w", in.Name, err)
		}
	}
	for i := range program.Operations {
		op := &program.Operations[i]
		if err := c.operation(op); err != nil {
			return &OperationError{Index: i, Name: op.Name(), Type: op.Type, Err: err}
		}
	}
	if err := c.features(&p.Model); err != nil {
		return fmt.Errorf("mil: interface: %w", err)
	}
	return nil
}

// OperationError is a fault in one operation of a program.
type OperationError struct {
	Index int    // in Program.Operations
	Name  string // the operation's name
	Type  string // such as "conv"
	Err   error
}

// Error is the fault with the operation's name and type.
func (e *OperationError) Error() string {
	return fmt.Sprintf("mil: operation %q (%s): %v", e.Name, e.Type, e.Err)
}

// Unwrap is the fault itself.
func (e *OperationError) Unwrap() error { return e.Err }

type checker struct {
	scope
	ops map[string]bool // names of operations
}

func newChecker(p *Package) *checker {
	return &checker{
		scope: scope{
			version: p.Model.Version,
			blobs:   &p.Blobs,
			types:   map[string]Type{},
			literal: map[string]*Value{},
			fixed:   map[string]bool{},
		},
		ops: map[string]bool{},
	}
}

// ValidName reports whether s is a name that Core ML takes:
// [A-Za-z_][A-Za-z0-9_]*.
func ValidName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func (c *checker) declare(n Named) error {
	if !ValidName(n.Name) {
		return fmt.Errorf("value %q: want a name like [A-Za-z_][A-Za-z0-9_]*", n.Name)
	}
	if _, twice := c.types[n.Name]; twice {
		return fmt.Errorf("value %q is defined twice", n.Name)
	}
	if len(n.Type.Shape) > maxRank {
		return fmt.Errorf("value %q: %v has rank %d: want at most %d", n.Name, n.Type, len(n.Type.Shape), maxRank)
	}
	if n.Type.IsTensor() && n.Type.Size() < 1 {
		return fmt.Errorf("value %q: %v has no elements, or too many", n.Name, n.Type)
	}
	c.types[n.Name] = n.Type
	return nil
}

func (c *checker) operation(op *Operation) error {
	name := op.Name()
	if !ValidName(name) || c.ops[name] {
		return fmt.Errorf("attribute name %q: want a unique name like [A-Za-z_][A-Za-z0-9_]*", name)
	}
	c.ops[name] = true
	types, err := c.infer(op)
	if err != nil {
		return err
	}
	if len(types) != len(op.Outputs) {
		return fmt.Errorf("%d results: want %d", len(op.Outputs), len(types))
	}
	for i, out := range op.Outputs {
		if !out.Type.Equal(types[i]) {
			return fmt.Errorf("result %q declared as %v, inferred as %v", out.Name, out.Type, types[i])
		}
		if err := c.declare(out); err != nil {
			return err
		}
	}
	return nil
}

// infer returns the types of an operation's results.
func (c *checker) infer(op *Operation) ([]Type, error) {
	switch op.Type {
	case "const":
		return c.constant(op)
	case "classify":
		return c.classify(op)
	}
	d, ok := define(op.Type)
	if !ok {
		return nil, errors.New("unknown operation")
	}
	if d.since > c.version {
		return nil, fmt.Errorf("needs specification %d, the model has %d", d.since, c.version)
	}
	if err := parameters(op, d); err != nil {
		return nil, err
	}
	a := &args{op: op, scope: &c.scope}
	t := d.infer(a)
	if a.err != nil {
		return nil, a.err
	}
	if len(op.Type) > 10 && op.Type[:10] == "constexpr_" {
		for _, out := range op.Outputs {
			c.fixed[out.Name] = true
		}
	}
	return []Type{t}, nil
}

// parameters fails unless exactly the defined parameters are given, where they
// belong: attributes for constexpr_affine_dequantize, literal inputs for the other
// constexpr operations, references for everything else.
func parameters(op *Operation, d definition) error {
	affine := op.Type == "constexpr_affine_dequantize"
	literal := op.Type == "constexpr_blockwise_shift_scale" || op.Type == "constexpr_lut_to_dense"
	given := map[string]bool{}
	for _, a := range op.Inputs {
		if given[a.Name] || len(a.Bindings) == 0 || affine {
			return fmt.Errorf("input %q is given twice, empty, or belongs among the attributes", a.Name)
		}
		for _, b := range a.Bindings {
			if (b.Value != nil) != literal {
				return fmt.Errorf("input %q: want a literal for constexpr operations, a reference elsewhere", a.Name)
			}
		}
		given[a.Name] = true
	}
	for _, a := range op.Attributes {
		if a.Name == "name" {
			continue
		}
		if given[a.Name] || !affine {
			return fmt.Errorf("attribute %q is given twice, or belongs among the inputs", a.Name)
		}
		given[a.Name] = true
	}
	for _, name := range d.params {
		if !given[name] {
			return fmt.Errorf("parameter %q is missing", name)
		}
	}
	for name := range given {
		if !slices.Contains(d.params, name) && !slices.Contains(d.optional, name) {
			return fmt.Errorf("unknown parameter %q", name)
		}
	}
	return nil
}

func (c *checker) constant(op *Operation) ([]Type, error) {
	v := op.Attribute("val")
	if v == nil || len(op.Inputs) != 0 || len(op.Attributes) != 2 || len(op.Outputs) != 1 {
		return nil, errors.New("want attributes name and val, no inputs, one result")
	}
	if err := literal(v, c.blobs); err != nil {
		return nil, err
	}
	c.literal[op.Outputs[0].Name] = v
	c.fixed[op.Outputs[0].Name] = true
	return []Type{v.Type}, nil
}

// literal fails unless v holds exactly the elements of its type.
func literal(v *Value, blobs *Blobs) error {
	if v.Type.IsTensor() && v.Type.Data == String {
		if v.Blob != nil || len(v.Strings) != v.Type.Size() {
			return fmt.Errorf("%v with %d strings", v.Type, len(v.Strings))
		}
		return nil
	}
	_, err := blobs.Numbers(v)
	return err
}

// classify takes fp32 probabilities and as many distinct labels, and gives the
// best label and a dictionary of all.
func (c *checker) classify(op *Operation) ([]Type, error) {
	a := &args{op: op, scope: &c.scope}
	probabilities, labels := a.typ("probabilities"), op.Argument("classes")
	if a.err != nil {
		return nil, a.err
	}
	if probabilities.Data != Float32 || len(op.Inputs) != 2 || len(op.Attributes) != 1 {
		return nil, fmt.Errorf("want probabilities of fp32, not %v, and classes", probabilities)
	}
	if len(labels) != 1 || labels[0].Value == nil {
		return nil, errors.New("classes: want a literal list")
	}
	list := labels[0].Value
	if want := ListOf(TensorOf(String), probabilities.Size()); !list.Type.Equal(want) ||
		len(list.List) != list.Type.Len {
		return nil, fmt.Errorf("classes %v: want %v", list.Type, want)
	}
	seen := map[string]bool{}
	for i := range list.List {
		label := &list.List[i]
		if err := literal(label, c.blobs); err != nil || !label.Type.Equal(TensorOf(String)) {
			return nil, fmt.Errorf("class %d: want a string", i)
		}
		if seen[label.Strings[0]] {
			return nil, fmt.Errorf("class %q stands twice", label.Strings[0])
		}
		seen[label.Strings[0]] = true
	}
	return []Type{TensorOf(String), DictOf(TensorOf(String), TensorOf(Float64))}, nil
}
