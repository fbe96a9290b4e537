package mil

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// DataType is the type of one element, numbered as in MIL.proto.
type DataType int32

// The data types a program written here may contain.
const (
	Bool    DataType = 1
	String  DataType = 2
	Float16 DataType = 10
	Float32 DataType = 11
	Float64 DataType = 12
	Int8    DataType = 21
	Int16   DataType = 22
	Int32   DataType = 23
	Int64   DataType = 24
	Int4    DataType = 25
	UInt8   DataType = 31
	UInt16  DataType = 32
	UInt32  DataType = 33
	UInt64  DataType = 34
	UInt4   DataType = 35
	UInt2   DataType = 36
	UInt1   DataType = 37
	UInt6   DataType = 38
	UInt3   DataType = 39
)

// traits says how a data type is called and stored.
type traits struct {
	name  string
	bits  int    // 0: not a number of fixed size
	blob  uint32 // code in the weight file, 0: has none
	field int    // field of TensorValue that holds an immediate value
	low   int64  // least integer
	high  int64  // greatest integer
}

// The fields of TensorValue.
const (
	fieldFloats  = 1
	fieldInts    = 2
	fieldBools   = 3
	fieldStrings = 4
	fieldLongs   = 5
	fieldDoubles = 6
	fieldBytes   = 7
)

func (d DataType) traits() traits {
	switch d {
	case Bool:
		return traits{name: "bool", bits: 8, field: fieldBools}
	case String:
		return traits{name: "string", field: fieldStrings}
	case Float16:
		return traits{name: "fp16", bits: 16, blob: 1, field: fieldBytes}
	case Float32:
		return traits{name: "fp32", bits: 32, blob: 2, field: fieldFloats}
	case Float64:
		return traits{name: "fp64", bits: 64, field: fieldDoubles}
	case Int4:
		return traits{name: "int4", bits: 4, blob: 8, field: fieldBytes, low: -8, high: 7}
	case Int8:
		return traits{name: "int8", bits: 8, blob: 4, field: fieldBytes, low: -128, high: 127}
	case Int16:
		return traits{name: "int16", bits: 16, blob: 6, field: fieldInts, low: -1 << 15, high: 1<<15 - 1}
	case Int32:
		return traits{name: "int32", bits: 32, blob: 14, field: fieldInts, low: -1 << 31, high: 1<<31 - 1}
	case Int64:
		return traits{name: "int64", bits: 64, field: fieldLongs}
	case UInt1:
		return traits{name: "uint1", bits: 1, blob: 9, field: fieldBytes, high: 1}
	case UInt2:
		return traits{name: "uint2", bits: 2, blob: 10, field: fieldBytes, high: 3}
	case UInt3:
		return traits{name: "uint3", bits: 3, blob: 12, field: fieldBytes, high: 7}
	case UInt4:
		return traits{name: "uint4", bits: 4, blob: 11, field: fieldBytes, high: 15}
	case UInt6:
		return traits{name: "uint6", bits: 6, blob: 13, field: fieldBytes, high: 63}
	case UInt8:
		return traits{name: "uint8", bits: 8, blob: 3, field: fieldBytes, high: 255}
	case UInt16:
		return traits{name: "uint16", bits: 16, blob: 7, field: fieldInts, high: 1<<16 - 1}
	case UInt32:
		return traits{name: "uint32", bits: 32, blob: 15, field: fieldBytes, high: 1<<32 - 1}
	case UInt64:
		return traits{name: "uint64", bits: 64, field: fieldLongs}
	}
	return traits{name: "type" + strconv.Itoa(int(d))}
}

// String is the type's name in MIL text, such as "fp16" or "int8".
func (d DataType) String() string { return d.traits().name }

// Bits is the width of one element; 0 for strings.
func (d DataType) Bits() int { return d.traits().bits }

// IsFloat reports whether d is fp16 or fp32, the types that layers compute in.
func (d DataType) IsFloat() bool { return d == Float16 || d == Float32 }

// Range is the least and the greatest integer of an integer type.
func (d DataType) Range() (low, high int64) { t := d.traits(); return t.low, t.high }

// Type is the type of a value: a tensor, a list of N elements, or a dictionary.
// Exactly one of the three is meant: a list if List is set, a dictionary if
// Key and Elem are set without List, otherwise a tensor.
type Type struct {
	Data  DataType // tensor: its elements
	Shape []int    // tensor: its dimensions; none for a scalar

	List bool  // a list of Len elements of type Elem
	Len  int   // list: its length
	Key  *Type // dictionary: type of its keys
	Elem *Type // list, dictionary: type of its values
}

// TensorOf is the type of a tensor.
func TensorOf(d DataType, shape ...int) Type { return Type{Data: d, Shape: shape} }

// ListOf is the type of a list of n values.
func ListOf(elem Type, n int) Type { return Type{List: true, Len: n, Elem: &elem} }

// DictOf is the type of a dictionary.
func DictOf(key, elem Type) Type { return Type{Key: &key, Elem: &elem} }

// IsTensor reports whether t is a tensor, scalars included.
func (t Type) IsTensor() bool { return !t.List && t.Key == nil }

// IsScalar reports whether t is a tensor of rank 0.
func (t Type) IsScalar() bool { return t.IsTensor() && len(t.Shape) == 0 }

// Size is the number of elements: the product of the dimensions, 1 for a
// scalar, and −1 if it does not fit a positive int.
func (t Type) Size() int {
	n := 1
	for _, d := range t.Shape {
		if d < 0 || (d > 0 && n > maxElements/d) {
			return -1
		}
		n *= d
	}
	return n
}

// maxElements bounds what a tensor may claim to hold, so that sizes in bits
// do not overflow an int, of 32 bits or 64.
const maxElements = min(1<<40, math.MaxInt/64)

// Equal reports whether t and u are the same type.
func (t Type) Equal(u Type) bool {
	same := func(a, b *Type) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
	return t.Data == u.Data && slices.Equal(t.Shape, u.Shape) &&
		t.List == u.List && t.Len == u.Len && same(t.Key, u.Key) && same(t.Elem, u.Elem)
}

// String is the type in the notation of MIL text: tensor<fp16, [1, 3, 8, 8]>,
// fp16 for a scalar, list<string, 10>, dict<string, fp64>.
func (t Type) String() string {
	switch {
	case t.List:
		return fmt.Sprintf("list<%v, %d>", t.Elem, t.Len)
	case t.Key != nil:
		return fmt.Sprintf("dict<%v, %v>", t.Key, t.Elem)
	case len(t.Shape) == 0:
		return t.Data.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tensor<%v, [", t.Data)
	for i, d := range t.Shape {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteString("]>")
	return b.String()
}
