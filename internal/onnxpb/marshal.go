package onnxpb

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// encoder appends fields. Empty strings and zero numbers are written where the
// presence of the field means something, and left out elsewhere.
type encoder struct{ b []byte }

func (e *encoder) text(field protowire.Number, s string) {
	if s != "" {
		e.item(field, s)
	}
}

// item appends a string that is an element of a list: it may be empty.
func (e *encoder) item(field protowire.Number, s string) {
	e.b = protowire.AppendTag(e.b, field, protowire.BytesType)
	e.b = protowire.AppendString(e.b, s)
}

func (e *encoder) items(field protowire.Number, list []string) {
	for _, s := range list {
		e.item(field, s)
	}
}

// packed appends a list of numbers of 4 or 8 bytes.
func packed[T float32 | float64](e *encoder, field protowire.Number, list []T) {
	if len(list) > 0 {
		b, _ := binary.Append(nil, binary.LittleEndian, list) // which has an error only for other types
		e.bytes(field, b)
	}
}

// varints appends a packed list.
func (e *encoder) varints(field protowire.Number, list []int64) {
	var b []byte
	for _, v := range list {
		b = protowire.AppendVarint(b, uint64(v))
	}
	if len(b) > 0 {
		e.bytes(field, b)
	}
}

func (e *encoder) bytes(field protowire.Number, p []byte) {
	e.b = protowire.AppendTag(e.b, field, protowire.BytesType)
	e.b = protowire.AppendBytes(e.b, p)
}

func (e *encoder) int(field protowire.Number, v int64) {
	e.b = protowire.AppendTag(e.b, field, protowire.VarintType)
	e.b = protowire.AppendVarint(e.b, uint64(v))
}

func (e *encoder) float(field protowire.Number, v float32) {
	e.b = protowire.AppendTag(e.b, field, protowire.Fixed32Type)
	e.b = protowire.AppendFixed32(e.b, math.Float32bits(v))
}

// Marshal encodes the file. The same model gives the same bytes.
func (m *Model) Marshal() []byte {
	var e encoder
	e.int(1, m.IRVersion)
	e.text(2, m.Producer)
	e.text(3, m.ProducerVersion)
	e.text(6, m.Doc)
	e.bytes(7, m.Graph.marshal())
	for _, o := range m.Opsets {
		var s encoder
		s.item(1, o.Domain)
		s.int(2, o.Version)
		e.bytes(8, s.b)
	}
	e.entries(14, m.Metadata)
	for i := range m.Functions {
		e.bytes(25, m.Functions[i].marshal())
	}
	return e.b
}

func (f *Function) marshal() []byte {
	var e encoder
	e.text(1, f.Name)
	e.items(4, f.Inputs)
	e.items(5, f.Outputs)
	e.items(6, f.Parameters)
	for i := range f.Nodes {
		e.bytes(7, f.Nodes[i].marshal())
	}
	e.text(10, f.Domain)
	for i := range f.Defaults {
		e.bytes(11, f.Defaults[i].marshal())
	}
	return e.b
}

func (e *encoder) entries(field protowire.Number, list []Entry) {
	for _, entry := range list {
		var s encoder
		s.item(1, entry.Key)
		s.item(2, entry.Value)
		e.bytes(field, s.b)
	}
}

func (g *Graph) marshal() []byte {
	var e encoder
	for i := range g.Nodes {
		e.bytes(1, g.Nodes[i].marshal())
	}
	e.text(2, g.Name)
	for i := range g.Initializers {
		e.bytes(5, g.Initializers[i].marshal())
	}
	for i := range g.Inputs {
		e.bytes(11, g.Inputs[i].marshal())
	}
	for i := range g.Outputs {
		e.bytes(12, g.Outputs[i].marshal())
	}
	for range g.Sparse {
		e.bytes(15, nil)
	}
	return e.b
}

func (n *Node) marshal() []byte {
	var e encoder
	e.items(1, n.Inputs)
	e.items(2, n.Outputs)
	e.text(3, n.Name)
	e.text(4, n.Op)
	for i := range n.Attributes {
		e.bytes(5, n.Attributes[i].marshal())
	}
	e.text(7, n.Domain)
	return e.b
}

func (a *Attribute) marshal() []byte {
	var e encoder
	e.text(1, a.Name)
	switch a.Type {
	case FloatAttribute:
		e.float(2, a.Float)
	case IntAttribute:
		e.int(3, a.Int)
	case IntsAttribute:
		for _, v := range a.Ints {
			e.int(8, v)
		}
	case StringAttribute:
		e.item(4, a.String)
	case TensorAttribute:
		if a.Tensor != nil {
			e.bytes(5, a.Tensor.marshal())
		}
	case FloatsAttribute:
		for _, v := range a.Floats {
			e.float(7, v)
		}
	case StringsAttribute:
		e.items(9, a.Strings)
	}
	e.int(20, int64(a.Type))
	e.text(21, a.Parameter)
	return e.b
}

func (t *Tensor) marshal() []byte {
	var e encoder
	for _, d := range t.Dims {
		e.int(1, d)
	}
	e.int(2, int64(t.Type))
	if t.Segment {
		e.bytes(3, nil)
	}
	packed(&e, 4, t.Floats)
	e.varints(5, t.Int32s)
	e.items(6, t.Strings)
	e.varints(7, t.Int64s)
	e.text(8, t.Name)
	if t.Raw != nil {
		e.bytes(9, t.Raw)
	}
	packed(&e, 10, t.Doubles)
	e.varints(11, t.Uint64s)
	e.entries(13, t.External)
	if t.Outside {
		e.int(14, 1)
	}
	return e.b
}

func (v *Value) marshal() []byte {
	if v.Type == 0 {
		var kind, e encoder
		kind.bytes(4, nil) // sequence_type
		e.text(1, v.Name)
		e.bytes(2, kind.b)
		return e.b
	}
	var shape encoder
	for _, d := range v.Shape {
		var dim encoder
		if d.Name != "" {
			dim.text(2, d.Name)
		} else {
			dim.int(1, d.Value)
		}
		shape.bytes(1, dim.b)
	}
	var tensor, kind, e encoder
	tensor.int(1, int64(v.Type))
	if !v.Unranked {
		tensor.bytes(2, shape.b)
	}
	kind.bytes(1, tensor.b)
	e.text(1, v.Name)
	e.bytes(2, kind.b)
	return e.b
}
