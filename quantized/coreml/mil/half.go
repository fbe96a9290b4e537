package mil

import "math"

// EncodeFloat16 rounds r to the nearest IEEE 754 binary16 value, ties to even,
// and returns its bits. Values beyond 65504 + 16 become infinite, values below
// 2⁻²⁵ zero.
func EncodeFloat16(r float64) uint16 {
	bits := math.Float64bits(r)
	sign := uint16(bits >> 48 & 0x8000)
	a := math.Abs(r)
	switch {
	case a != a:
		return sign | 0x7e00
	case a >= 65520: // half way between 65504 and 65536
		return sign | 0x7c00
	case a < 0x1p-14: // subnormal: steps of 2⁻²⁴; 2⁻¹⁴ itself comes out as the least normal
		return sign | uint16(math.RoundToEven(a*0x1p24))
	}
	e := math.Ilogb(a)
	n := uint16(math.RoundToEven(math.Ldexp(a, 10-e))) // 1024..2048, a carry moves into the exponent
	return sign + uint16(e+14)<<10 + n
}

// DecodeFloat16 is the value of the binary16 number with the given bits.
func DecodeFloat16(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	var r float64
	switch exponent {
	case 0:
		r = fraction * 0x1p-24
	case 31:
		r = math.Inf(1)
		if fraction != 0 {
			r = math.NaN()
		}
	default:
		r = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits&0x8000 != 0 {
		return -r
	}
	return r
}

// roundFloat16 is DecodeFloat16(EncodeFloat16(r)): of the 52 bits of a float64's
// fraction the first 10, and the rest as a tie, above or below it.
func roundFloat16(r float64) float64 {
	const rest = 42
	bits := math.Float64bits(r)
	switch a := math.Abs(r); {
	case a != a:
		return r
	case a >= 65520:
		return math.Copysign(math.Inf(1), r)
	case a < 0x1p-14:
		return math.RoundToEven(r*0x1p24) * 0x1p-24
	}
	bits += 1<<(rest-1) - 1 + bits>>rest&1 // carries to the next even one
	return math.Float64frombits(bits &^ (1<<rest - 1))
}

// Round returns r rounded to data type d: to binary16 or binary32, or unchanged
// for every other type.
func (d DataType) Round(r float64) float64 {
	switch d {
	case Float16:
		return roundFloat16(r)
	case Float32:
		return float64(float32(r))
	}
	return r
}
