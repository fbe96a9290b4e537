package schema

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// parser reads a file that may be broken. Its first error stays, and what is
// read from then on is zero.
type parser struct {
	data []byte
	left int // bytes that may still be read: objects that share parts must not multiply
	err  error
}

// record is a table in the file; without a parser it is one that is left out,
// whose fields have their defaults.
type record struct {
	p      *parser
	at     int // of the table
	vtable int
	slots  int
}

var errBroken = errors.New("the file is cut off or its references are broken")

// fail notes the first error.
func (p *parser) fail() {
	if p.err == nil {
		p.err = errBroken
	}
}

// bytes are n bytes of the file.
func (p *parser) bytes(at, n int) []byte {
	if p.err != nil {
		return make([]byte, min(n, 8))
	}
	if at < 0 || n < 0 || at > len(p.data)-n || n > p.left {
		p.fail()
		return make([]byte, min(max(n, 0), 8))
	}
	p.left -= n
	return p.data[at : at+n]
}

func (p *parser) uint16(at int) int { return int(binary.LittleEndian.Uint16(p.bytes(at, 2))) }

func (p *parser) uint32(at int) uint32 { return binary.LittleEndian.Uint32(p.bytes(at, 4)) }

// target is what the four bytes at a position refer to, never below it.
func (p *parser) target(at int) int { return at + int(min(int64(p.uint32(at)), int64(len(p.data)))) }

// table reads the table at a position.
func (p *parser) table(at int) record {
	vtable := at - int(int32(p.uint32(at)))
	size := p.uint16(vtable)
	if p.err != nil {
		return record{}
	}
	return record{p, at, vtable, (size - 4) / 2}
}

// place is where the field of a slot is; false if it is left out.
func (r record) place(slot int) (at int, ok bool) {
	if r.p == nil || slot >= r.slots {
		return 0, false
	}
	at = r.p.uint16(r.vtable + 4 + 2*slot)
	return r.at + at, at != 0
}

func (r record) byte(slot int) byte {
	if at, ok := r.place(slot); ok {
		return r.p.bytes(at, 1)[0]
	}
	return 0
}

func (r record) uint32(slot int) uint32 {
	if at, ok := r.place(slot); ok {
		return r.p.uint32(at)
	}
	return 0
}

func (r record) int32(slot int) int32 { return int32(r.uint32(slot)) }

func (r record) float32(slot int) float32 { return math.Float32frombits(r.uint32(slot)) }

// table is the table that a field refers to.
func (r record) table(slot int) record {
	if at, ok := r.place(slot); ok {
		return r.p.table(r.p.target(at))
	}
	return record{}
}

// vector is the bytes of a field's vector of numbers of the given size.
func (r record) vector(slot, size int) []byte {
	at, ok := r.place(slot)
	if !ok {
		return nil
	}
	at = r.p.target(at)
	n := int64(r.p.uint32(at)) * int64(size)
	if n > int64(len(r.p.data)) {
		r.p.fail()
		return nil
	}
	data := r.p.bytes(at+4, int(n))
	if r.p.err != nil {
		return nil
	}
	return data
}

func (r record) text(slot int) string { return string(r.vector(slot, 1)) }

// list calls f for each table of a field's vector.
func (r record) list(slot int, f func(record)) {
	at, ok := r.place(slot)
	if !ok {
		return
	}
	at = r.p.target(at)
	for i := range r.p.uint32(at) {
		element := r.p.table(r.p.target(at + 4 + 4*int(i)))
		if r.p.err != nil {
			return
		}
		f(element)
	}
}

// parsed is a field's vector of numbers.
func parsed[T int32 | int64 | float32](r record, slot int) []T {
	var zero T
	size := binary.Size(zero)
	data := r.vector(slot, size)
	if len(data) == 0 {
		return nil
	}
	values := make([]T, len(data)/size)
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		r.p.fail()
	}
	return values
}

// open finds the root table.
func open(data []byte) (record, error) {
	if len(data) < 8 || string(data[4:8]) != Identifier {
		return record{}, fmt.Errorf("schema: not a TensorFlow Lite file: it does not hold %q", Identifier)
	}
	p := &parser{data: data, left: 64 + 4*len(data)}
	return p.table(p.target(0)), nil
}
