package mil

import (
	"cmp"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// wire is a protobuf message under construction. Fields are appended in
// ascending order; numbers that are 0 and strings that are empty are left out,
// as proto3 has it.
type wire []byte

func (w *wire) message(field protowire.Number, m wire) {
	*w = protowire.AppendTag(*w, field, protowire.BytesType)
	*w = protowire.AppendBytes(*w, m)
}

func (w *wire) bytes(field protowire.Number, b []byte) {
	if len(b) > 0 {
		w.message(field, b)
	}
}

func (w *wire) text(field protowire.Number, s string) { w.bytes(field, []byte(s)) }

func (w *wire) number(field protowire.Number, n uint64) {
	if n == 0 {
		return
	}
	*w = protowire.AppendTag(*w, field, protowire.VarintType)
	*w = protowire.AppendVarint(*w, n)
}

// entry appends one entry of a map: key = 1, value = 2, both always present.
func (w *wire) entry(field protowire.Number, key string, value wire) {
	var e wire
	e.message(1, wire(key))
	e.message(2, value)
	w.message(field, e)
}

// Marshal returns m in protobuf wire format. Equal models give equal bytes.
func (m *Model) Marshal() []byte {
	var w wire
	w.number(1, uint64(m.Version))
	w.message(2, m.description())
	w.message(502, m.Program.wire())
	return w
}

func (m *Model) description() wire {
	var w wire
	for _, f := range m.Inputs {
		w.message(1, f.wire())
	}
	for _, f := range m.Outputs {
		w.message(10, f.wire())
	}
	w.text(11, m.Label)
	w.text(12, m.Scores)
	if meta := m.Metadata.wire(); len(meta) > 0 {
		w.message(100, meta)
	}
	return w
}

func (m *Metadata) wire() wire {
	var w wire
	w.text(1, m.Description)
	w.text(2, m.Version)
	w.text(3, m.Author)
	w.text(4, m.License)
	keys := make([]string, 0, len(m.Custom))
	for key := range m.Custom {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		w.entry(100, key, wire(m.Custom[key]))
	}
	return w
}

// arrayCodes are ArrayFeatureType's own numbers for element types.
var arrayCodes = [...]struct {
	data DataType
	code uint64
}{{Float32, 65568}, {Float64, 65600}, {Int32, 131104}, {Float16, 65552}, {Int8, 131080}}

func (f *Feature) wire() wire {
	var t wire
	switch f.Kind {
	case Array:
		var a, shape wire
		for _, d := range f.Shape {
			shape = protowire.AppendVarint(shape, uint64(d))
		}
		a.bytes(1, shape)
		for _, c := range arrayCodes {
			if c.data == f.Element {
				a.number(2, c.code)
			}
		}
		t.message(5, a)
	case Image:
		var image wire
		image.number(1, uint64(f.Width))
		image.number(2, uint64(f.Height))
		image.number(3, uint64(f.Color))
		t.message(4, image)
	case Text:
		t.message(3, nil)
	case Number:
		t.message(1, nil)
	case TextTable, NumberKeys:
		key := protowire.Number(2)
		if f.Kind == NumberKeys {
			key = 1
		}
		var dict wire
		dict.message(key, nil)
		t.message(6, dict)
	}
	var w wire
	w.text(1, f.Name)
	w.text(2, f.Description)
	w.message(3, t)
	return w
}

func (p *Program) wire() wire {
	var block wire
	for _, name := range p.Outputs {
		block.message(2, wire(name))
	}
	for i := range p.Operations {
		block.message(3, p.Operations[i].wire())
	}
	var function wire
	for _, in := range p.Inputs {
		function.message(1, in.wire())
	}
	function.text(2, p.Opset)
	function.entry(3, p.Opset, block)
	var w wire
	w.number(1, 1)
	w.entry(2, "main", function)
	return w
}

func (op *Operation) wire() wire {
	var w wire
	w.text(1, op.Type)
	inputs := slices.SortedFunc(slices.Values(op.Inputs),
		func(a, b Argument) int { return cmp.Compare(a.Name, b.Name) })
	for _, a := range inputs {
		w.entry(2, a.Name, a.wire())
	}
	for _, out := range op.Outputs {
		w.message(3, out.wire())
	}
	attributes := slices.SortedFunc(slices.Values(op.Attributes),
		func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	for _, a := range attributes {
		w.entry(5, a.Name, a.Value.wire())
	}
	return w
}

func (a *Argument) wire() wire {
	var w wire
	for _, b := range a.Bindings {
		var binding wire
		if b.Value != nil {
			binding.message(2, b.Value.wire())
		} else {
			binding.message(1, wire(b.Name))
		}
		w.message(1, binding)
	}
	return w
}

func (n *Named) wire() wire {
	var w wire
	w.text(1, n.Name)
	w.message(2, n.Type.wire())
	return w
}

func (t Type) wire() wire {
	var w, inner wire
	switch {
	case t.List:
		inner.message(1, t.Elem.wire())
		inner.message(2, dimension(t.Len))
		w.message(2, inner)
	case t.Key != nil:
		inner.message(1, t.Key.wire())
		inner.message(2, t.Elem.wire())
		w.message(4, inner)
	default:
		inner.number(1, uint64(t.Data))
		inner.number(2, uint64(len(t.Shape)))
		for _, d := range t.Shape {
			inner.message(3, dimension(d))
		}
		w.message(1, inner)
	}
	return w
}

func dimension(n int) wire {
	var size, w wire
	size.number(1, uint64(n))
	w.message(1, size)
	return w
}

func (v *Value) wire() wire {
	var w wire
	w.message(2, v.Type.wire())
	if v.Blob != nil {
		var blob wire
		blob.text(1, v.Blob.File)
		blob.number(2, v.Blob.Offset)
		w.message(5, blob)
		return w
	}
	var immediate wire
	if v.Type.List {
		var list wire
		for i := range v.List {
			list.message(1, v.List[i].wire())
		}
		immediate.message(3, list)
	} else {
		immediate.message(1, v.tensor())
	}
	w.message(3, immediate)
	return w
}

// tensor is the TensorValue message: the one field that the data type is
// stored in, its numbers packed.
func (v *Value) tensor() wire {
	var w, values, packed wire
	field := v.Type.Data.traits().field
	switch field {
	case fieldFloats:
		for _, r := range v.Floats {
			packed = protowire.AppendFixed32(packed, math.Float32bits(r))
		}
	case fieldDoubles:
		for _, r := range v.Doubles {
			packed = protowire.AppendFixed64(packed, math.Float64bits(r))
		}
	case fieldInts:
		for _, n := range v.Ints {
			packed = protowire.AppendVarint(packed, uint64(int64(n)))
		}
	case fieldLongs:
		for _, n := range v.Longs {
			packed = protowire.AppendVarint(packed, uint64(n))
		}
	case fieldBools:
		for _, b := range v.Bools {
			packed = protowire.AppendVarint(packed, protowire.EncodeBool(b))
		}
	case fieldStrings:
		for _, s := range v.Strings {
			values.message(1, wire(s))
		}
	case fieldBytes:
		packed = v.Bytes
	}
	values.bytes(1, packed)
	w.message(protowire.Number(field), values)
	return w
}
