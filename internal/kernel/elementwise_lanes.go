//go:build (amd64 || arm64) && !noasm

package kernel

import "math"

// lanes is a range under observation in each lane of a vector. other is a count
// of finite values or, faster, the sum of x·0, which is NaN if a value was not
// finite.
type lanes struct {
	lo, hi [16]float32
	other  [16]uint32
}

func (l *lanes) clear() {
	for i := range l.lo {
		l.lo[i], l.hi[i], l.other[i] = emptySpan.lo, emptySpan.hi, 0
	}
}

// span is the range over the lanes, none of which is NaN. Integers in the same order are
// compared, since min and max of floats take a while to find that.
func (l *lanes) span() span {
	lo, hi := ordered(l.lo[0]), ordered(l.hi[0])
	for i := 1; i < len(l.lo); i++ {
		lo, hi = min(lo, ordered(l.lo[i])), max(hi, ordered(l.hi[i]))
	}
	return span{lo: unordered(lo), hi: unordered(hi)}
}

// ordered is an integer that is less than that of any greater number.
func ordered(x float32) int32 {
	bits := int32(math.Float32bits(x))
	return bits ^ bits>>31&math.MaxInt32
}

// unordered is the number of an ordered integer.
func unordered(bits int32) float32 {
	return math.Float32frombits(uint32(bits ^ bits>>31&math.MaxInt32))
}

// counted is the range over the lanes of n elements, from the counts.
func (l *lanes) counted(n int) span {
	s := l.span()
	s.nonFinite = n
	for _, finite := range l.other {
		s.nonFinite -= int(finite)
	}
	return s
}
