package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Tensor is a named array. Data holds its elements, little-endian, row-major.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // empty: a scalar
	Data  []byte
}

// Number is the set of Go types that a tensor's elements can have. F16 and BF16
// have none; see [Tensor.Float32].
type Number interface {
	uint8 | int8 | uint16 | int16 | uint32 | int32 | float32 | uint64 | int64 | float64
}

// Of makes a tensor from values, which it copies.
func Of[T Number](name string, shape []int, values []T) Tensor {
	var zero T
	t := Tensor{Name: name, DType: dtypeOf(zero), Shape: shape}
	t.Data = make([]byte, 0, len(values)*t.DType.Size())
	for _, v := range values {
		t.Data = appendNumber(t.Data, v)
	}
	return t
}

// Values returns the elements of t, whose dtype must be that of T: nothing is
// converted.
func Values[T Number](t Tensor) ([]T, error) {
	var zero T
	if want := dtypeOf(zero); t.DType != want {
		return nil, fmt.Errorf("safetensors: tensor %q holds %v, want %v", t.Name, t.DType, want)
	}
	size := t.DType.Size()
	values := make([]T, len(t.Data)/size)
	for i := range values {
		values[i] = number[T](t.Data[i*size:])
	}
	return values, nil
}

// Float32 returns the elements of a tensor of F32, F16 or BF16 exactly, and
// those of an F64 rounded to float32.
func (t Tensor) Float32() ([]float32, error) {
	size := 0
	var at func(b []byte) float32
	switch t.DType {
	case F32:
		return Values[float32](t)
	case F64:
		size, at = 8, func(b []byte) float32 { return float32(number[float64](b)) }
	case F16:
		size, at = 2, func(b []byte) float32 { return widen(number[uint16](b)) }
	case BF16:
		size, at = 2, func(b []byte) float32 { return math.Float32frombits(uint32(number[uint16](b)) << 16) }
	default:
		return nil, fmt.Errorf("safetensors: tensor %q holds %v, want one of F32 F16 BF16 F64", t.Name, t.DType)
	}
	values := make([]float32, len(t.Data)/size)
	for i := range values {
		values[i] = at(t.Data[i*size:])
	}
	return values, nil
}

// widen is the float32 with the same value as the IEEE 754 binary16 h: the
// exponent's bias goes from 15 to 127, the fraction from 10 bits to 23.
func widen(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // subnormal: fraction · 2⁻²⁴
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(v))
	case 0x1f: // infinite or not a number
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	default:
		return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
	}
}

func dtypeOf(v any) DType {
	switch v.(type) {
	case uint8:
		return U8
	case int8:
		return I8
	case uint16:
		return U16
	case int16:
		return I16
	case uint32:
		return U32
	case int32:
		return I32
	case float32:
		return F32
	case uint64:
		return U64
	case int64:
		return I64
	default: // Number has no other
		return F64
	}
}

func appendNumber[T Number](b []byte, v T) []byte {
	le := binary.LittleEndian
	switch v := any(v).(type) {
	case uint8:
		return append(b, v)
	case int8:
		return append(b, uint8(v))
	case uint16:
		return le.AppendUint16(b, v)
	case int16:
		return le.AppendUint16(b, uint16(v))
	case uint32:
		return le.AppendUint32(b, v)
	case int32:
		return le.AppendUint32(b, uint32(v))
	case float32:
		return le.AppendUint32(b, math.Float32bits(v))
	case uint64:
		return le.AppendUint64(b, v)
	case int64:
		return le.AppendUint64(b, uint64(v))
	default:
		return le.AppendUint64(b, math.Float64bits(v.(float64)))
	}
}

func number[T Number](b []byte) (v T) {
	le := binary.LittleEndian
	switch p := any(&v).(type) {
	case *uint8:
		*p = b[0]
	case *int8:
		*p = int8(b[0])
	case *uint16:
		*p = le.Uint16(b)
	case *int16:
		*p = int16(le.Uint16(b))
	case *uint32:
		*p = le.Uint32(b)
	case *int32:
		*p = int32(le.Uint32(b))
	case *float32:
		*p = math.Float32frombits(le.Uint32(b))
	case *uint64:
		*p = le.Uint64(b)
	case *int64:
		*p = int64(le.Uint64(b))
	case *float64:
		*p = math.Float64frombits(le.Uint64(b))
	}
	return v
}
