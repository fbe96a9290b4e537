package mil

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// weightFile is how a program refers to the package's one weight file.
const weightFile = "@model_path/weights/weight.bin"

// minBlob is the number of elements from which a tensor goes to the weight
// file; smaller ones are in the program itself.
const minBlob = 10

// Tensor returns a literal with the given elements, row-major. Floating-point
// types round to nearest even; a number that does not fit the type is an error.
// Ten elements and more are stored in blobs, if the type can be: 32-bit
// integers, which are shapes and axes, are always in the program.
func (b *Blobs) Tensor(t Type, elements []float64) (Value, error) {
	if t.Size() != len(elements) {
		return Value{}, fmt.Errorf("%d elements for %v", len(elements), t)
	}
	v := Value{Type: t}
	for i, r := range elements {
		if err := fits(t.Data, r); err != nil {
			return Value{}, fmt.Errorf("element %d: %w", i, err)
		}
	}
	if t.Data == Int32 {
		v.Ints = make([]int32, len(elements))
		for i, r := range elements {
			v.Ints[i] = int32(r)
		}
		return v, nil
	}
	raw := pack(t.Data, elements)
	switch {
	case len(elements) >= minBlob:
		v.Blob = &BlobRef{File: weightFile, Offset: b.Append(t.Data, len(elements), raw)}
	case t.Data == Float32:
		v.Floats = make([]float32, len(elements))
		for i, r := range elements {
			v.Floats[i] = float32(r)
		}
	default:
		v.Bytes = raw
	}
	return v, nil
}

func fits(d DataType, r float64) error {
	switch d {
	case Float16, Float32:
		if stored := d.Round(r); math.IsNaN(stored) || math.IsInf(stored, 0) {
			return fmt.Errorf("%v is not finite in %v", r, d)
		}
		return nil
	case Int4, Int8, UInt1, UInt2, UInt4, UInt8, Int32:
		if low, high := d.Range(); r != math.Trunc(r) || r < float64(low) || r > float64(high) {
			return fmt.Errorf("%v is not an integer of %v, %d to %d", r, d, low, high)
		}
		return nil
	}
	return fmt.Errorf("tensors of %v are not written", d)
}

// pack is the elements in little-endian bytes; types below 8 bits fill each
// byte from its least significant bit.
func pack(d DataType, elements []float64) []byte {
	out := make([]byte, 0, (len(elements)*d.Bits()+7)/8)
	switch d {
	case Float16:
		for _, r := range elements {
			out = binary.LittleEndian.AppendUint16(out, EncodeFloat16(r))
		}
	case Float32:
		for _, r := range elements {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(r)))
		}
	case Int8, UInt8:
		for _, r := range elements {
			out = append(out, byte(int32(r)))
		}
	case Int4, UInt1, UInt2, UInt4:
		for i, r := range elements {
			bit := i * d.Bits() % 8
			if bit == 0 {
				out = append(out, 0)
			}
			out[len(out)-1] |= byte(int32(r)) & (1<<d.Bits() - 1) << bit
		}
	}
	return out
}

// Numbers returns the elements of a tensor literal of numbers, row-major. Its
// bytes in the weight file must be exactly as many as its type needs.
func (b *Blobs) Numbers(v *Value) ([]float64, error) {
	d, n := v.Type.Data, v.Type.Size()
	if !v.Type.IsTensor() || n < 0 || d.Bits() == 0 {
		return nil, fmt.Errorf("mil: %v is not a tensor of numbers", v.Type)
	}
	raw := v.Bytes
	if v.Blob != nil {
		var err error
		if raw, err = b.payload(v); err != nil {
			return nil, err
		}
	}
	if v.Blob != nil || d.traits().field == fieldBytes {
		if len(raw) != (n*d.Bits()+7)/8 {
			return nil, fmt.Errorf("mil: %v in %d bytes: want %d", v.Type, len(raw), (n*d.Bits()+7)/8)
		}
		return unpack(d, n, raw)
	}
	if have := v.immediates(); have != n {
		return nil, fmt.Errorf("mil: %v with %d elements: want %d", v.Type, have, n)
	}
	out := make([]float64, n)
	for i := range out {
		switch d.traits().field {
		case fieldFloats:
			out[i] = float64(v.Floats[i])
		case fieldDoubles:
			out[i] = v.Doubles[i]
		case fieldInts:
			out[i] = float64(v.Ints[i])
		case fieldLongs:
			out[i] = float64(v.Longs[i])
		case fieldBools:
			if v.Bools[i] {
				out[i] = 1
			}
		}
	}
	return out, nil
}

// payload is the record's data, if its type and padding are the value's.
func (b *Blobs) payload(v *Value) ([]byte, error) {
	if v.Blob.File != weightFile {
		return nil, fmt.Errorf("mil: weight file %q: want %q", v.Blob.File, weightFile)
	}
	record, err := b.Record(v.Blob.Offset)
	if err != nil {
		return nil, err
	}
	d, n := v.Type.Data, v.Type.Size()
	if code := d.traits().blob; code == 0 || record.Code != code {
		return nil, fmt.Errorf("mil: weight file: record at %d has type code %d: want %d for %v", record.Offset,
			record.Code, code, d)
	}
	if bits := len(record.Data)*8 - record.Padding; bits != n*d.Bits() {
		return nil, fmt.Errorf("mil: weight file: record at %d has %d bits: want %d for %v", record.Offset, bits,
			n*d.Bits(), v.Type)
	}
	return record.Data, nil
}

// immediates is the number of elements in the field that the type is stored in.
func (v *Value) immediates() int {
	switch v.Type.Data.traits().field {
	case fieldFloats:
		return len(v.Floats)
	case fieldDoubles:
		return len(v.Doubles)
	case fieldInts:
		return len(v.Ints)
	case fieldLongs:
		return len(v.Longs)
	case fieldBools:
		return len(v.Bools)
	case fieldStrings:
		return len(v.Strings)
	}
	return 0
}

func unpack(d DataType, n int, raw []byte) ([]float64, error) {
	out := make([]float64, n)
	for i := range out {
		switch d {
		case Float16:
			out[i] = DecodeFloat16(binary.LittleEndian.Uint16(raw[2*i:]))
		case Float32:
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		case Int8:
			out[i] = float64(int8(raw[i]))
		case UInt8:
			out[i] = float64(raw[i])
		case Int4:
			out[i] = float64(int8(raw[i/2]<<(4*(1-i%2))) >> 4)
		case UInt1, UInt2, UInt4:
			bit := i * d.Bits()
			out[i] = float64(raw[bit/8] >> (bit % 8) & (1<<d.Bits() - 1))
		case Int16:
			out[i] = float64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
		case UInt16:
			out[i] = float64(binary.LittleEndian.Uint16(raw[2*i:]))
		case Int32:
			out[i] = float64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		case UInt32:
			out[i] = float64(binary.LittleEndian.Uint32(raw[4*i:]))
		default:
			return nil, errors.New("mil: tensors of " + d.String() + " are not read")
		}
	}
	return out, nil
}
