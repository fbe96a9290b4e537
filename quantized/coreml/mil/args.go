package mil

import (
	"fmt"
	"slices"
)

// args gives an operation's definition access to its parameters. The first
// fault is kept in err and later calls return zero values, so that a
// definition reads like its formula.
type args struct {
	op    *Operation
	scope *scope
	err   error
}

// scope is what is known of the values defined so far.
type scope struct {
	version int32 // of the specification
	blobs   *Blobs
	types   map[string]Type
	literal map[string]*Value // values of const operations
	fixed   map[string]bool   // const and constexpr results
}

func (a *args) fail(format string, v ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, v...)
	}
}

// has reports whether the parameter is given, as input or as attribute.
func (a *args) has(name string) bool {
	return a.op.Argument(name) != nil || a.op.Attribute(name) != nil
}

// value is the literal of a parameter: an attribute, a value binding, or the
// const operation that it is bound to.
func (a *args) value(name string) *Value {
	if v := a.op.Attribute(name); v != nil {
		return v
	}
	bindings := a.op.Argument(name)
	if len(bindings) != 1 {
		a.fail("%s: want one value", name)
		return nil
	}
	v := bindings[0].Value
	if v == nil {
		v = a.scope.literal[bindings[0].Name]
	}
	if v == nil {
		a.fail("%s: %q is not a constant", name, bindings[0].Name)
	}
	return v
}

// typ is the type of a parameter with one binding.
func (a *args) typ(name string) Type {
	list := a.typs(name)
	if len(list) != 1 {
		a.fail("%s: want one value, not %d", name, len(list))
		return Type{}
	}
	return list[0]
}

func (a *args) typs(name string) []Type {
	if v := a.op.Attribute(name); v != nil {
		return []Type{v.Type}
	}
	var list []Type
	for _, b := range a.op.Argument(name) {
		if b.Value != nil {
			list = append(list, b.Value.Type)
			continue
		}
		t, ok := a.scope.types[b.Name]
		if !ok {
			a.fail("%s: %q is not defined before its use", name, b.Name)
		}
		list = append(list, t)
	}
	return list
}

// float is a parameter's type, which must be a tensor of fp16 or fp32.
func (a *args) float(name string) Type {
	t := a.typ(name)
	if !t.IsTensor() || !t.Data.IsFloat() {
		a.fail("%s: %v: want fp16 or fp32", name, t)
	}
	return t
}

// constant is the type of a parameter that must be a const or constexpr result.
func (a *args) constant(name string) Type {
	for _, b := range a.op.Argument(name) {
		if b.Value == nil && !a.scope.fixed[b.Name] {
			a.fail("%s: %q is not a constant", name, b.Name)
		}
	}
	return a.typ(name)
}

func (a *args) numbers(name string) []float64 {
	v := a.value(name)
	if a.err != nil {
		return nil
	}
	list, err := a.scope.blobs.Numbers(v)
	if err != nil {
		a.fail("%s: %w", name, err)
	}
	return list
}

// ints is a vector of n int32 constants.
func (a *args) ints(name string, n int) []int {
	if t := a.typ(name); a.err == nil && !t.Equal(TensorOf(Int32, n)) {
		a.fail("%s: %v: want %v", name, t, TensorOf(Int32, n))
	}
	out := make([]int, n)
	for i, r := range a.numbers(name) {
		out[i] = int(r)
	}
	return out
}

// scalar is a constant of rank 0 and the given type.
func (a *args) scalar(name string, d DataType) float64 {
	if t := a.typ(name); a.err == nil && !t.Equal(TensorOf(d)) {
		a.fail("%s: %v: want %v", name, t, d)
	}
	list := a.numbers(name)
	if a.err != nil {
		return 0
	}
	return list[0]
}

// word is a string constant, one of the given ones.
func (a *args) word(name string, allowed ...string) string {
	v := a.value(name)
	switch {
	case a.err != nil:
		return ""
	case !v.Type.Equal(TensorOf(String)) || len(v.Strings) != 1:
		a.fail("%s: %v: want a string", name, v.Type)
		return ""
	case !slices.Contains(allowed, v.Strings[0]):
		a.fail("%s: %q: want one of %q", name, v.Strings[0], allowed)
	}
	return v.Strings[0]
}

// positive fails if a constant has an element that is not a finite number > 0.
func (a *args) positive(name string) {
	for i, s := range a.numbers(name) {
		if !(s > 0 && s <= maxScale) {
			a.fail("%s: element %d is %v: want a finite number > 0", name, i, s)
			return
		}
	}
}

const maxScale = 1e38
