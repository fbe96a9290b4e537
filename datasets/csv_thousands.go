package datasets

import (
	"fmt"
	"slices"
)

// written is how the numbers of a column are written so far.
type written struct {
	grouped string // one with a mark before its last three digits, such as 1,250; "": none
	whole   string // one without a mark, such as 950
	other   bool   // one has decimals of another kind
}

// see takes note of how a number is written.
func (w *written) see(text []byte) {
	if w.other {
		return
	}
	digits := text
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	at := slices.IndexFunc(digits, func(c byte) bool { return c < '0' || c > '9' })
	switch {
	case at < 0 && len(digits) > 0:
		if w.whole == "" {
			w.whole = string(text)
		}
	case at < 1 || at > 3 || digits[0] == '0' || digits[at] != '.' && digits[at] != ',' || len(digits) != at+4 ||
		slices.ContainsFunc(digits[at+1:], func(c byte) bool { return c < '0' || c > '9' }):
		w.other = true
	case w.grouped == "":
		w.grouped = string(text)
	}
}

// warnOfThousands warns of columns in which a mark was read as decimal that may separate
// thousands: decimals are always three, although other numbers have none.
func (t *table) warnOfThousands() {
	seen := t.written
	if t.column >= 0 {
		seen[t.column] = t.labels.written
	}
	for c, w := range seen {
		if w.other || w.grouped == "" || w.whole == "" {
			continue
		}
		if v, err := (&marks{comma: t.marks.comma}).number(w.grouped); err == nil {
			t.warnings = append(t.warnings, fmt.Sprintf("%s: %q is read as %v, and %q as it is: if the mark separates "+
				"thousands, remove it", t.name(c), w.grouped, v, w.whole))
		}
	}
}
