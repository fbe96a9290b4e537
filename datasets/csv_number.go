package datasets

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// marks says how a table writes numbers.
type marks struct {
	comma byte // between fields
	mark  byte // before decimals; 0: no number had any so far
}

// String is the type of values in an account.
func (m marks) String() string {
	if m.mark == ',' {
		return "float32 from decimal commas"
	}
	return "float32"
}

// number reads any finite number. The first one with decimals decides how all
// are written; a comma can precede decimals only where it separates no fields.
func (m *marks) number(text string) (float32, error) {
	plain := text
	if i := strings.IndexAny(text, ".,"); i >= 0 && text[i] != m.comma && strings.LastIndexAny(text, ".,") == i {
		if m.mark == 0 {
			m.mark = text[i]
		}
		if m.mark != text[i] {
			return 0, fmt.Errorf("%q, but numbers before it have a decimal %s", clip(text),
				map[byte]string{'.': "point", ',': "comma"}[m.mark])
		}
		plain = strings.Replace(text, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(plain, 32)
	switch {
	case isMissing(text):
		return 0, fmt.Errorf("%q is a missing value, want a finite number", text)
	case err != nil || v-v != 0:
		return 0, fmt.Errorf("%q, want a finite number", clip(text))
	}
	return float32(v), nil
}

// Powers of ten that are float32s.
var powers = [...]float32{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10}

// decimal reads a number of few digits, such as -12.345 with a mark before its
// decimals, and reports whether it is one. It is m / 10ᵏ with both integers exact in float32, rounded once, and
// so the result of strconv. W. D. Clinger, How to Read Floating Point Numbers
// Accurately, PLDI 1990, section 4.
func decimal(text []byte, mark byte) (v float32, ok bool) {
	const most = (1<<24 - 10) / 10 // that may have one more digit
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	m, digits, k := uint32(0), 0, -1 // k < 0: no point so far
	for _, c := range text {
		if c == mark && mark != 0 && k < 0 {
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

// parse reads a number of a column.
func (t *table) parse(text []byte, column int) (float32, error) {
	t.written[column].see(text)
	v, ok := decimal(text, t.marks.mark)
	if ok {
		return v, nil
	}
	v, err := t.marks.number(string(text))
	missing := err != nil && isMissing(string(text))
	if missing && t.cut {
		return float32(math.NaN()), nil
	}
	if fill, ok := t.filled(column); ok && missing {
		return fill, nil
	}
	switch {
	case err == nil || t.like || t.predicts(column):
		return v, err
	case missing && t.window > 0:
		err = fmt.Errorf("%w; data.windows.missing: cut leaves such rows out", err)
	case missing:
		err = fmt.Errorf("%s: %w; data.missing: %s=median, mean or a number replaces it", t.name(column), err,
			t.selector(column))
	case t.window > 0 && isText(string(text), t.marks.comma):
		err = fmt.Errorf("%w; data.columns: [\"!%s\"] leaves the column out", err, t.selector(column))
		if _, no := dateTime(string(text)); no == nil {
			err = fmt.Errorf("%w, data.windows.time: %s takes it for the time", err, t.selector(column))
		}
	case isText(string(text), t.marks.comma):
		err = fmt.Errorf("%w; data.categories: [%s] makes features of words, data.columns: [\"!%s\"] leaves the column "+
			"out", err, t.key(column), t.selector(column))
	}
	return v, err
}
