package datasets

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Header says whether a table has a row of titles.
type Header uint8

// Whether it has one: as its first rows look, yes, or no.
const (
	HeaderAuto Header = iota
	HeaderTrue
	HeaderFalse
)

func headers() []string { return []string{"auto", "true", "false"} }

// String is its name in a configuration.
func (h Header) String() string {
	if int(h) < len(headers()) {
		return headers()[h]
	}
	return fmt.Sprintf("Header(%d)", uint8(h))
}

// UnmarshalText reads what String writes.
func (h *Header) UnmarshalText(text []byte) error {
	i := slices.Index(headers(), string(text))
	if i < 0 {
		return fmt.Errorf("datasets: header %q, want auto, true or false", text)
	}
	*h = Header(i)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (h Header) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// findTitles says whether the first row is a header.
func (l *layout) findTitles(rows [][]string, comma byte, opts Options) error {
	first := rows[0]
	if opts.Header == HeaderFalse {
		l.Header = "none: data.header"
		return nil
	}
	l.Header = "row 1: data.header"
	if opts.Header == HeaderAuto {
		numbers := slices.DeleteFunc(slices.Clone(first), func(s string) bool { return !isNumber(s, comma) })
		why, yes := looksTitled(rows, comma, opts)
		if !yes {
			l.Header = "none: row 1 holds data"
			if countsUp(numbers) {
				l.warnings = append(l.warnings, fmt.Sprintf(
					"row 1 counts up: %s; if these are titles, set data.header to true", listed(numbers)))
			}
			return nil
		}
		l.Header = "row 1: " + why
		if len(numbers) > 0 && !countsUp(numbers) {
			l.warnings = append(l.warnings, fmt.Sprintf("row 1 is taken as titles, but %q is a number; "+
				"data.header: false reads it as data", numbers[0]))
		}
	}
	for _, title := range first {
		if !utf8.ValidString(title) {
			return fmt.Errorf("line 1: title %q, want UTF-8", clip(title))
		}
	}
	l.titles = first
	return nil
}

// looksTitled reports whether the first row looks like a header, and why.
func looksTitled(rows [][]string, comma byte, opts Options) (why string, yes bool) {
	first, second := rows[0], rows[min(1, len(rows)-1)]
	numbers := slices.ContainsFunc(first, func(s string) bool { return isNumber(s, comma) })
	if first[0] == "" && len(rows) > 1 && isNumber(second[0], comma) && !numbers {
		return "column 1 has no title", true // as data frames write their index
	}
	label := -1
	if n, err := columnNumber(opts.Label, len(first)); err == nil {
		label = n
	} else if opts.Label != "none" && opts.Label != "" && slices.Contains(first, opts.Label) {
		return fmt.Sprintf("it holds %q", opts.Label), true
	}
	for _, name := range append(slices.Clone(opts.Categories), opts.Targets...) {
		if isText(name, comma) && slices.Contains(first, name) {
			return fmt.Sprintf("it holds %q", name), true
		}
	}
	others := append([]string{}, first...)
	for c, title := range first {
		text, below := isText(title, comma), len(rows) > 1 && isText(second[c], comma)
		if c != label && text && !below && (len(rows) > 1 || c < len(first)-1) {
			return fmt.Sprintf("%q is not a number", title), true
		}
		if opts.Label == "" && usualLabel(title) {
			label, others = c, slices.Delete(others, c, c+1)
		}
	}
	if wordsOfTheirOwn(rows, comma) {
		return fmt.Sprintf("%q and the others occur in no other row", first[0]), true
	}
	if label < 0 || len(others) == len(first) {
		return "", false
	}
	if !slices.ContainsFunc(others, func(s string) bool { return isNumber(s, comma) }) || countsUp(others) {
		return fmt.Sprintf("%q is a common title", first[label]), true
	}
	return "", false
}

// wordsOfTheirOwn reports whether the first row of a table of nothing but words looks like
// titles: none of its words occurs below, where words repeat.
func wordsOfTheirOwn(rows [][]string, comma byte) bool {
	const least = 10 // rows
	if len(rows) < least || len(rows[0]) < 2 {
		return false
	}
	for c, title := range rows[0] {
		below := map[string]bool{}
		for _, row := range rows[1:] {
			below[row[c]] = true
		}
		if !isText(title, comma) || below[title] || 2*len(below) > len(rows) {
			return false
		}
	}
	return true
}

// isNumber reports whether a field is a finite number.
func isNumber(field string, comma byte) bool {
	if comma != ',' {
		field = strings.Replace(field, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(field, 64)
	return err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// isText reports whether a field is neither a number nor a missing value.
func isText(field string, comma byte) bool { return !isNumber(field, comma) && !isMissing(field) }

// isMissing reports whether a field says that there is no value.
func isMissing(field string) bool {
	switch strings.ToLower(strings.TrimSpace(field)) {
	case "", "?", "-", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing":
		return true
	}
	return false
}

// countsUp reports whether fields are 0, 1, 2 … or 1, 2, 3 ….
func countsUp(fields []string) bool {
	if len(fields) < 2 {
		return false
	}
	start, err := strconv.Atoi(fields[0])
	if err != nil || start < 0 || start > 1 {
		return false
	}
	for i, field := range fields {
		if field != strconv.Itoa(start+i) {
			return false
		}
	}
	return true
}
