package datasets

// Powers of ten that are float32s.
var powers = [...]float32{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10}

// decimal reads a number of few digits, such as -12.345, and reports whether it
// is one. It is m / 10ᵏ with both integers exact in float32, rounded once, and
// so the result of strconv. W. D. Clinger, How to Read Floating Point Numbers
// Accurately, PLDI 1990, section 4.
func decimal(text []byte) (v float32, ok bool) {
	const most = (1<<24 - 10) / 10 // that may have one more digit
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	m, digits, k := uint32(0), 0, -1 // k < 0: no point so far
	for _, c := range text {
		if c == '.' && k < 0 {
			k = 0
			continue
		}
		if c < '0' || c > '9' || m > most {
			return 0, false
		}
		m = 10*m + uint32(c-'0')
		digits++
		if k >= 0 {
			k++
		}
	}
	if digits == 0 || k >= len(powers) {
		return 0, false
	}
	v = float32(m) / powers[max(k, 0)]
	if negative {
		v = -v
	}
	return v, true
}
