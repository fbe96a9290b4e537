package schema

import (
	"encoding/binary"
	"math"
)

// object is something that a field refers to: it writes itself at the end of b
// and returns where it begins.
type object interface {
	write(b *builder) int
}

// builder is the file so far.
type builder struct{ data []byte }

// align adds zeros until n more bytes would end at a multiple of size.
func (b *builder) align(n, size int) {
	for (len(b.data)+n)%size != 0 {
		b.data = append(b.data, 0)
	}
}

// refer writes o and lets the four bytes at a position refer to it.
func (b *builder) refer(at int, o object) {
	start := o.write(b)
	binary.LittleEndian.PutUint32(b.data[at:], uint32(start-at))
}

// table is its fields by slot: numbers of 1 or 4 bytes, or objects. A nil field
// is left out, and has its default.
type table []field

// field is one of the kinds of fields.
type field any

// number is the field of a number; nil for 0, the default of most fields.
func number[T uint8 | int32 | uint32](v T) field {
	if v == 0 {
		return nil
	}
	return v
}

// size is how many bytes a field takes in its table.
func size(f field) int {
	switch f.(type) {
	case nil:
		return 0
	case uint8, int8:
		return 1
	}
	return 4
}

// write puts the vtable in front of the table: its own size, the table's, and
// the place of each field in the table, 0 for none. The table begins with the
// distance back to the vtable. Fields of 4 bytes precede those of 1.
func (t table) write(b *builder) int {
	places, end := make([]uint16, len(t)), 4
	for _, bytes := range []int{4, 1} {
		for i, f := range t {
			if size(f) == bytes {
				places[i] = uint16(end)
				end += bytes
			}
		}
	}
	vtable := 4 + 2*len(t)
	b.align(vtable, 4)
	b.data = binary.LittleEndian.AppendUint16(b.data, uint16(vtable))
	b.data = binary.LittleEndian.AppendUint16(b.data, uint16(end))
	for _, p := range places {
		b.data = binary.LittleEndian.AppendUint16(b.data, p)
	}
	start := len(b.data)
	b.data = append(b.data, make([]byte, end)...)
	binary.LittleEndian.PutUint32(b.data[start:], uint32(vtable))
	for i, f := range t {
		at := start + int(places[i])
		switch v := f.(type) {
		case uint8:
			b.data[at] = v
		case int8:
			b.data[at] = byte(v)
		case uint32:
			binary.LittleEndian.PutUint32(b.data[at:], v)
		case int32:
			binary.LittleEndian.PutUint32(b.data[at:], uint32(v))
		case float32:
			binary.LittleEndian.PutUint32(b.data[at:], math.Float32bits(v))
		case object:
			b.refer(at, v)
		}
	}
	return start
}

// list is a vector of objects.
type list []object

func (l list) write(b *builder) int {
	b.align(0, 4)
	start := len(b.data)
	b.data = binary.LittleEndian.AppendUint32(b.data, uint32(len(l)))
	b.data = append(b.data, make([]byte, 4*len(l))...)
	for i, o := range l {
		b.refer(start+4+4*i, o)
	}
	return start
}

// numbers is a vector of numbers of one size, in bytes.
type numbers struct {
	count int
	bytes []byte
	align int // of the first one
}

func (n numbers) write(b *builder) int {
	b.align(4, max(4, n.align))
	start := len(b.data)
	b.data = binary.LittleEndian.AppendUint32(b.data, uint32(n.count))
	b.data = append(b.data, n.bytes...)
	return start
}

// text is a string, which ends with a byte that its length does not count.
type text string

func (s text) write(b *builder) int {
	start := numbers{len(s), []byte(s), 4}.write(b)
	b.data = append(b.data, 0)
	return start
}

// vector is the field of a vector of numbers; nil if there are none.
func vector[T int32 | int64 | float32](values []T) field {
	if len(values) == 0 {
		return nil
	}
	bytes, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic("schema: " + err.Error()) // numbers of fixed size have none
	}
	return numbers{len(values), bytes, len(bytes) / len(values)}
}
