package onnxpb

import (
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
	for _, entry := range m.Metadata {
		var s encoder
		s.item(1, entry.Key)
		s.item(2, entry.Value)
		e.bytes(14, s.b)
	}
	return e.b
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
	return e.b
}

func (n *Node) marshal() []byte {
	var e encoder
	for _, s := range n.Inputs {
		e.item(1, s)
	}
	for _, s := range n.Outputs {
		e.item(2, s)
	}
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
	}
	e.int(20, int64(a.Type))
	return e.b
}

func (t *Tensor) marshal() []byte {
	var e encoder
	for _, d := range t.Dims {
		e.int(1, d)
	}
	e.int(2, int64(t.Type))
	e.text(8, t.Name)
	e.bytes(9, t.Raw)
	return e.b
}

func (v *Value) marshal() []byte {
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
	tensor.bytes(2, shape.b)
	kind.bytes(1, tensor.b)
	e.text(1, v.Name)
	e.bytes(2, kind.b)
	return e.b
}
