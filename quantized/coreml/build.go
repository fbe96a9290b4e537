package coreml

import (
	"fmt"
	"strconv"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// builder appends operations to a program, layer by layer.
type builder struct {
	model   *quantized.Model
	options Options
	float   mil.DataType // the type of arithmetic
	pkg     *mil.Package
	used    map[string]bool    // names of values, and those kept for features
	tensors map[string]*tensor // by the activation's name
	layer   string             // that is being written
	units   units              // of that layer
	layers  []string           // layer of each operation
	err     error              // the first fault
}

// tensor is an activation in the program: a value of floats, or of integers
// to be dequantized by each reader.
type tensor struct {
	*quantized.Activation
	value string
}

func (t *tensor) quantized() bool { return !t.Quant.Format.IsFloat() }

// param is a parameter of an operation: a string refers to a value, []string
// to several; a mil.Value becomes a constant.
type param struct {
	name  string
	value any
}

func newBuilder(m *quantized.Model, o Options) *builder {
	b := &builder{
		model:   m,
		options: o,
		float:   o.Precision.dataType(),
		pkg:     &mil.Package{},
		used:    map[string]bool{},
		tensors: map[string]*tensor{},
	}
	b.pkg.Model.Version = o.Target.version()
	b.pkg.Model.Program.Opset = mil.Opset(b.pkg.Model.Version)
	b.used[EncodeName(m.Input.Name)] = true
	for i := range m.Nodes {
		b.used[EncodeName(m.Nodes[i].Name)] = true
	}
	b.used[labelName], b.used[scoresName] = true, true
	return b
}

// fail keeps the first fault, with the layer's name.
func (b *builder) fail(format string, v ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("coreml: layer %q: %w", b.layer, fmt.Errorf(format, v...))
	}
}

// fresh returns name or, if it is taken, name_2, name_3 ….
func (b *builder) fresh(name string) string {
	free := name
	for i := 2; b.used[free]; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	b.used[free] = true
	return free
}

// emit appends an operation with one result, both called name, and returns it.
func (b *builder) emit(op, name string, t mil.Type, params ...param) string {
	inputs := make([]mil.Argument, len(params))
	for i, p := range params {
		inputs[i].Name = p.name
		switch v := p.value.(type) {
		case string:
			inputs[i].Bindings = []mil.Binding{{Name: v}}
		case []string:
			for _, ref := range v {
				inputs[i].Bindings = append(inputs[i].Bindings, mil.Binding{Name: ref})
			}
		case mil.Value:
			inputs[i].Bindings = []mil.Binding{{Name: b.constant(name+"_"+p.name, v)}}
		}
	}
	b.append(mil.Operation{
		Type:       op,
		Inputs:     inputs,
		Outputs:    []mil.Named{{Name: name, Type: t}},
		Attributes: []mil.Attribute{{Name: "name", Value: mil.StringValue(name)}},
	})
	return name
}

func (b *builder) append(op mil.Operation) {
	b.pkg.Model.Program.Operations = append(b.pkg.Model.Program.Operations, op)
	b.layers = append(b.layers, b.layer)
}

// constant appends a const operation and returns the name of its value.
func (b *builder) constant(name string, v mil.Value) string {
	name = b.fresh(name)
	b.append(mil.Operation{
		Type:    "const",
		Outputs: []mil.Named{{Name: name, Type: v.Type}},
		Attributes: []mil.Attribute{
			{Name: "name", Value: mil.StringValue(name)},
			{Name: "val", Value: v},
		},
	})
	return name
}

// store is a literal of the given type and shape.
func (b *builder) store(what string, d mil.DataType, shape []int, elements []float64) mil.Value {
	v, err := b.pkg.Blobs.Tensor(mil.TensorOf(d, shape...), elements)
	if err != nil {
		b.fail("%s: %w", what, err)
	}
	return v
}

// scalar is a literal in the type of arithmetic.
func (b *builder) scalar(what string, r float64) mil.Value {
	return b.store(what, b.float, nil, []float64{r})
}

// shape is an activation's type in the program, with the batch of one.
func (b *builder) shape(d mil.DataType, a *quantized.Activation) mil.Type {
	return mil.TensorOf(d, append([]int{1}, a.Shape...)...)
}

// check infers all types of the package again and names what is wrong by layer.
func (b *builder) check() error {
	err := mil.Check(b.pkg)
	if err == nil {
		return nil
	}
	if fault, ok := err.(*mil.OperationError); ok {
		return fmt.Errorf("coreml: layer %q: %s: %w", b.layers[fault.Index], fault.Type, fault.Err)
	}
	return fmt.Errorf("coreml: %w", err)
}
