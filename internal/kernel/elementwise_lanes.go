//go:build (amd64 || arm64) && !noasm

package kernel

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

// span is the range over the lanes.
func (l *lanes) span() span {
	s := emptySpan
	for i := range l.lo {
		s = s.merge(span{lo: l.lo[i], hi: l.hi[i]})
	}
	return s
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
