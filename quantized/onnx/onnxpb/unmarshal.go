package onnxpb

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Unmarshal decodes a file. Tensors alias data.
func Unmarshal(data []byte) (*Model, error) {
	m := &Model{}
	err := fields(data, func(f field) error {
		switch f.number {
		case 1:
			return f.int(&m.IRVersion)
		case 2:
			return f.text(&m.Producer)
		case 3:
			return f.text(&m.ProducerVersion)
		case 6:
			return f.text(&m.Doc)
		case 7:
			return f.message(m.Graph.field)
		case 8:
			return appended(f, &m.Opsets, func(o *Opset, f field) error {
				return f.either(map[protowire.Number]any{1: &o.Domain, 2: &o.Version})
			})
		case 14:
			return appended(f, &m.Metadata, func(e *Entry, f field) error {
				return f.either(map[protowire.Number]any{1: &e.Key, 2: &e.Value})
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("onnxpb: %w", err)
	}
	return m, nil
}

func (g *Graph) field(f field) error {
	switch f.number {
	case 1:
		return appended(f, &g.Nodes, (*Node).field)
	case 2:
		return f.text(&g.Name)
	case 5:
		return appended(f, &g.Initializers, (*Tensor).field)
	case 11:
		return appended(f, &g.Inputs, (*Value).field)
	case 12:
		return appended(f, &g.Outputs, (*Value).field)
	}
	return nil
}

func (n *Node) field(f field) error {
	switch f.number {
	case 1:
		return f.texts(&n.Inputs)
	case 2:
		return f.texts(&n.Outputs)
	case 5:
		return appended(f, &n.Attributes, (*Attribute).field)
	}
	return f.either(map[protowire.Number]any{3: &n.Name, 4: &n.Op, 7: &n.Domain})
}

func (a *Attribute) field(f field) error {
	switch f.number {
	case 8:
		return f.ints(&a.Ints)
	case 20:
		var t int64
		err := f.int(&t)
		a.Type = AttributeType(t)
		return err
	}
	return f.either(map[protowire.Number]any{1: &a.Name, 2: &a.Float, 3: &a.Int})
}

func (t *Tensor) field(f field) error {
	switch f.number {
	case 1:
		return f.ints(&t.Dims)
	case 9:
		if f.wire != protowire.BytesType {
			return f.mistyped()
		}
		t.Raw = f.bytes
		return nil
	}
	return f.either(map[protowire.Number]any{2: &t.Type, 8: &t.Name})
}

func (v *Value) field(f field) error {
	switch f.number {
	case 1:
		return f.text(&v.Name)
	case 2: // TypeProto
		return f.message(func(f field) error {
			if f.number != 1 { // tensor_type
				return nil
			}
			return f.message(v.tensorType)
		})
	}
	return nil
}

func (v *Value) tensorType(f field) error {
	switch f.number {
	case 1:
		return f.either(map[protowire.Number]any{1: &v.Type})
	case 2: // TensorShapeProto
		return f.message(func(f field) error {
			return appended(f, &v.Shape, func(d *Dim, f field) error {
				return f.either(map[protowire.Number]any{1: &d.Value, 2: &d.Name})
			})
		})
	}
	return nil
}

// field is one field of a message: its number, its wire type, and its value,
// in number or bytes as the wire type says.
type field struct {
	number protowire.Number
	wire   protowire.Type
	value  uint64
	bytes  []byte
}

// fields calls visit for each field of a message.
func fields(b []byte, visit func(f field) error) error {
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := field{number: number, wire: wire}
		switch wire {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.value = uint64(v)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, wire, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func (f field) mistyped() error {
	return fmt.Errorf("field %d has wire type %d", f.number, f.wire)
}

// message visits the fields of a message within the field.
func (f field) message(visit func(f field) error) error {
	if f.wire != protowire.BytesType {
		return f.mistyped()
	}
	return fields(f.bytes, visit)
}

// appended decodes a message and appends it to list.
func appended[T any](f field, list *[]T, visit func(*T, field) error) error {
	var v T
	err := f.message(func(f field) error { return visit(&v, f) })
	*list = append(*list, v)
	return err
}

// either decodes into the destination that belongs to the field's number, if
// there is one.
func (f field) either(destinations map[protowire.Number]any) error {
	switch to := destinations[f.number].(type) {
	case *string:
		return f.text(to)
	case *int64:
		return f.int(to)
	case *DataType:
		var v int64
		err := f.int(&v)
		*to = DataType(v)
		return err
	case *float32:
		if f.wire != protowire.Fixed32Type {
			return f.mistyped()
		}
		*to = math.Float32frombits(uint32(f.value))
	}
	return nil
}

func (f field) text(s *string) error {
	if f.wire != protowire.BytesType {
		return f.mistyped()
	}
	*s = string(f.bytes)
	return nil
}

func (f field) texts(list *[]string) error {
	var s string
	err := f.text(&s)
	*list = append(*list, s)
	return err
}

func (f field) int(v *int64) error {
	if f.wire != protowire.VarintType {
		return f.mistyped()
	}
	*v = int64(f.value)
	return nil
}

// ints appends one number, or a packed list of them.
func (f field) ints(list *[]int64) error {
	if f.wire == protowire.VarintType {
		*list = append(*list, int64(f.value))
		return nil
	}
	if f.wire != protowire.BytesType {
		return f.mistyped()
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		*list = append(*list, int64(v))
		b = b[n:]
	}
	return nil
}
