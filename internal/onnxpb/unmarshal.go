package onnxpb

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The most that is read of one file, so that few bytes cannot ask for much
// memory.
const (
	maxMessages = 1 << 20 // nodes, attributes, tensors, names …
	maxNumbers  = 1 << 25 // in lists: dimensions, attributes, elements that are not in raw_data
)

// room is what is left of these limits.
type room struct{ messages, numbers int }

// Unmarshal decodes a file. Raw data of tensors alias it.
func Unmarshal(data []byte) (*Model, error) {
	m := &Model{}
	err := fields(data, &room{maxMessages, maxNumbers}, func(f field) error {
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
			return appended(f, &m.Metadata, (*Entry).field)
		case 25:
			return appended(f, &m.Functions, (*Function).field)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("onnxpb: %w", err)
	}
	return m, nil
}

func (e *Entry) field(f field) error {
	return f.either(map[protowire.Number]any{1: &e.Key, 2: &e.Value})
}

func (fn *Function) field(f field) error {
	switch f.number {
	case 4:
		return f.texts(&fn.Inputs)
	case 5:
		return f.texts(&fn.Outputs)
	case 6:
		return f.texts(&fn.Parameters)
	case 7:
		return appended(f, &fn.Nodes, (*Node).field)
	case 11:
		return appended(f, &fn.Defaults, (*Attribute).field)
	}
	return f.either(map[protowire.Number]any{1: &fn.Name, 10: &fn.Domain})
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
	case 15:
		g.Sparse++
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
	case 5:
		a.Tensor = &Tensor{}
		return f.message(a.Tensor.field)
	case 7:
		return fixed(f, &a.Floats, math.Float32frombits)
	case 8:
		return f.ints(&a.Ints)
	case 9:
		return f.texts(&a.Strings)
	case 20:
		var t int64
		err := f.int(&t)
		a.Type = AttributeType(t)
		return err
	}
	return f.either(map[protowire.Number]any{1: &a.Name, 2: &a.Float, 3: &a.Int, 4: &a.String, 21: &a.Parameter})
}

func (t *Tensor) field(f field) error {
	switch f.number {
	case 1:
		return f.ints(&t.Dims)
	case 3:
		t.Segment = true
		return nil
	case 4:
		return fixed(f, &t.Floats, math.Float32frombits)
	case 5:
		return f.ints(&t.Int32s)
	case 6:
		return f.texts(&t.Strings)
	case 7:
		return f.ints(&t.Int64s)
	case 9:
		if f.wire != protowire.BytesType {
			return f.mistyped()
		}
		t.Raw = f.bytes
		return nil
	case 10:
		return fixed(f, &t.Doubles, math.Float64frombits)
	case 11:
		return f.ints(&t.Uint64s)
	case 13:
		return appended(f, &t.External, (*Entry).field)
	case 14:
		var place int64
		err := f.int(&place)
		t.Outside = place != 0
		return err
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
			v.Unranked = true
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
		v.Unranked = false
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
	room   *room
}

// fields calls visit for each field of a message.
func fields(b []byte, left *room, visit func(f field) error) error {
	if left.messages--; left.messages < 0 {
		return fmt.Errorf("more than %d messages and names", maxMessages)
	}
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := field{number: number, wire: wire, room: left}
		switch wire {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.value = uint64(v)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(b)
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
	return fields(f.bytes, f.room, visit)
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
	if f.room.messages--; f.room.messages < 0 {
		return fmt.Errorf("more than %d messages and names", maxMessages)
	}
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
		return f.counted(1)
	}
	if f.wire != protowire.BytesType {
		return f.mistyped()
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f.counted(1); err != nil {
			return err
		}
		*list = append(*list, int64(v))
		b = b[n:]
	}
	return nil
}

// fixed appends one number of 4 or 8 bytes, or a packed list of them.
func fixed[T float32 | float64, B uint32 | uint64](f field, list *[]T, number func(B) T) error {
	size, wire := binary.Size(B(0)), protowire.Fixed32Type
	if size == 8 {
		wire = protowire.Fixed64Type
	}
	switch {
	case f.wire == wire:
		*list = append(*list, number(B(f.value)))
		return f.counted(1)
	case f.wire != protowire.BytesType:
		return f.mistyped()
	case len(f.bytes)%size != 0:
		return fmt.Errorf("field %d: a list of numbers of %d bytes has %d", f.number, size, len(f.bytes))
	}
	bits := make([]B, len(f.bytes)/size)
	if err := f.counted(len(bits)); err != nil {
		return err
	}
	if _, err := binary.Decode(f.bytes, binary.LittleEndian, bits); err != nil {
		return err
	}
	for _, v := range bits {
		*list = append(*list, number(v))
	}
	return nil
}

// counted takes numbers from the room for them.
func (f field) counted(n int) error {
	if f.room.numbers -= n; f.room.numbers < 0 {
		return fmt.Errorf("more than %d numbers outside raw_data", maxNumbers)
	}
	return nil
}
