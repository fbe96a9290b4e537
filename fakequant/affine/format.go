package affine

import (
	"fmt"
	"strconv"
	"strings"
)

// Format is an integer number format: how many bits, signed or not, and
// whether the lowest signed value is left out.
//
//	Format                          values
//	{Bits: 8}                       −128..127    int8
//	{Bits: 8, Narrow: true}         −127..127    int8 narrow, symmetric about 0
//	{Bits: 8, Unsigned: true}          0..255    uint8
//	{Bits: 1, Narrow: true}           −1 and 1   binary, which is for weights
//
// The zero Format is none: an activation of that format stays float32.
type Format struct {
	Bits     int  // MinBits..MaxBits; 1 in Binary
	Unsigned bool // 0..2ᵇ−1 instead of −2ᵇ⁻¹..2ᵇ⁻¹−1
	Narrow   bool // signed only: −(2ᵇ⁻¹−1)..2ᵇ⁻¹−1
}

// The numbers of bits that a format of whole ranges may have: what every runtime has
// integer kernels for.
const (
	MinBits = 2
	MaxBits = 8
)

// The formats of the defaults.
var (
	Int8Narrow = Format{Bits: 8, Narrow: true}
	Int8       = Format{Bits: 8}
	Uint8      = Format{Bits: 8, Unsigned: true}
)

// The formats of weights with fewer than four values.
var (
	Ternary = Format{Bits: 2, Narrow: true} // −1, 0 and 1
	Binary  = Format{Bits: 1, Narrow: true} // −1 and 1; 0 is not among them
)

// Min is qmin, the least integer of the format.
func (f Format) Min() int32 {
	switch {
	case f == Binary:
		return -1
	case f.Unsigned:
		return 0
	case f.Narrow:
		return -(int32(1)<<(f.Bits-1) - 1)
	default:
		return -(int32(1) << (f.Bits - 1))
	}
}

// Max is qmax, the greatest integer of the format.
func (f Format) Max() int32 {
	switch {
	case f == Binary:
		return 1
	case f.Unsigned:
		return int32(1)<<f.Bits - 1
	default:
		return int32(1)<<(f.Bits-1) - 1
	}
}

// Has reports whether q is one of the format's integers.
func (f Format) Has(q int32) bool { return q >= f.Min() && q <= f.Max() && (f != Binary || q != 0) }

// IsFloat reports whether f is the zero Format, which quantizes nothing.
func (f Format) IsFloat() bool { return f == Format{} }

// Validate returns an error that names what is wrong with the format.
func (f Format) Validate() error {
	switch {
	case f == Binary:
		return nil
	case f.Bits < MinBits || f.Bits > MaxBits:
		return fmt.Errorf("affine: %d bits: want %d to %d", f.Bits, MinBits, MaxBits)
	case f.Narrow && f.Unsigned:
		return fmt.Errorf("affine: narrow range is for signed formats, not uint%d", f.Bits)
	}
	return nil
}

// String is "int8", "int8_narrow", "uint4", "binary", or "float32" for the zero Format.
func (f Format) String() string {
	switch {
	case f == Binary:
		return "binary"
	case f.IsFloat():
		return "float32"
	case f.Unsigned:
		return "uint" + strconv.Itoa(f.Bits)
	case f.Narrow:
		return "int" + strconv.Itoa(f.Bits) + "_narrow"
	default:
		return "int" + strconv.Itoa(f.Bits)
	}
}

// ParseFormat is the inverse of [Format.String].
func ParseFormat(text string) (Format, error) {
	switch text {
	case "float32":
		return Format{}, nil
	case "binary":
		return Binary, nil
	}
	var f Format
	rest, ok := strings.CutPrefix(text, "u")
	f.Unsigned = ok
	rest, f.Narrow = strings.CutSuffix(rest, "_narrow")
	digits, ok := strings.CutPrefix(rest, "int")
	bits, err := strconv.Atoi(digits)
	if !ok || err != nil || bits < MinBits {
		return Format{}, fmt.Errorf("affine: number format %q: want one like int8, int8_narrow, uint4, binary "+
			"or float32", text)
	}
	f.Bits = bits
	return f, f.Validate()
}

// MarshalText writes [Format.String].
func (f Format) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads [Format.String].
func (f *Format) UnmarshalText(text []byte) (err error) {
	*f, err = ParseFormat(string(text))
	return err
}
