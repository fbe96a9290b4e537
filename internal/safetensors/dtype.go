package safetensors

import (
	"fmt"
	"strings"
)

// DType is the type of a tensor's elements.
type DType uint8

// The types. BF16 is the upper half of an F32.
const (
	U8 DType = iota + 1
	I8
	U16
	I16
	F16
	BF16
	U32
	I32
	F32
	U64
	I64
	F64
)

var dtypes = [...]struct {
	name string
	size int
}{
	U8: {"U8", 1}, I8: {"I8", 1},
	U16: {"U16", 2}, I16: {"I16", 2}, F16: {"F16", 2}, BF16: {"BF16", 2},
	U32: {"U32", 4}, I32: {"I32", 4}, F32: {"F32", 4},
	U64: {"U64", 8}, I64: {"I64", 8}, F64: {"F64", 8},
}

// Size is the number of bytes of an element.
func (d DType) Size() int { return dtypes[d].size }

// String is the type's name in the header.
func (d DType) String() string {
	if int(d) >= len(dtypes) || d == 0 {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return dtypes[d].name
}

// parseDType is the inverse of String.
func parseDType(name string) (DType, error) {
	var known []string
	for d, t := range dtypes {
		if d == 0 {
			continue
		}
		if t.name == name {
			return DType(d), nil
		}
		known = append(known, t.name)
	}
	return 0, fmt.Errorf("dtype %q: want one of %s", name, strings.Join(known, " "))
}
