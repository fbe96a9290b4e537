package datasets

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// labels are a table's, each name stored once.
type labels struct {
	rows    []int32          // by row, an index into names
	names   []string         // in the order they occur
	index   map[string]int32 // into names, by name and by any other way to write it
	free    bool             // any text is a name, such as 1.5
	comma   byte             // between fields of the table
	lists   bool             // a field lists labels, perhaps none
	blank   bool             // a row may have none: its name is ""
	plain   bool             // some number is written without decimals
	first   string           // of the numbers with decimals, as it is written
	written written
}

// add appends the label of a row.
func (l *labels) add(text []byte) error {
	n, ok := l.index[string(text)]
	if !ok {
		l.written.see(text)
		name, err := string(text), error(nil)
		if !l.free {
			if name, err = l.clean(name); err != nil {
				return err
			}
		}
		if l.index == nil {
			l.index = map[string]int32{}
		}
		if n, ok = l.index[name]; !ok {
			n = int32(len(l.names))
			l.names, l.index[name] = append(l.names, name), n
		}
		l.index[string(text)] = n
	}
	l.rows = append(l.rows, n)
	return nil
}

// clean writes whole numbers in one way, so that 1 and 1.0e+00 are one class.
func (l *labels) clean(field string) (string, error) {
	if l.lists {
		return strings.ToValidUTF8(field, "\ufffd"), nil
	}
	if l.blank && noWord(field) {
		return "", nil
	}
	if field == "" {
		return "", errors.New("no label")
	}
	if !utf8.ValidString(field) {
		return "", fmt.Errorf("label %q, want UTF-8", clip(field))
	}
	number := field
	if l.comma != ',' {
		number = strings.Replace(field, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v != math.Trunc(v) || math.Abs(v) > 1<<31 {
		return field, nil
	}
	if isWhole(field) {
		l.plain = true
	} else if l.first == "" {
		l.first = field
	}
	return strconv.Itoa(int(v)), nil
}

// quantities reports whether whole numbers are many for classes: with few rows each,
// or far from each other.
func (t *table) quantities() bool {
	n, low, high := len(t.labels.names), math.MaxInt, math.MinInt
	for _, name := range t.labels.names {
		if name == "" && t.labels.blank {
			continue
		}
		v, err := strconv.Atoi(name)
		if err != nil {
			return false
		}
		low, high = min(low, v), max(high, v)
	}
	return n > 20 && (5*n > t.apart() || n > 50 && high-low >= 4*n)
}

// sortedClasses lists labels, each once; nil without labels.
func sortedClasses(names []string) []string {
	integers := !slices.ContainsFunc(names, func(name string) bool {
		_, err := strconv.Atoi(name)
		return err != nil
	})
	slices.SortFunc(names, func(a, b string) int {
		if integers {
			m, _ := strconv.Atoi(a)
			n, _ := strconv.Atoi(b)
			return m - n
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(names)
}

// indices turns labels into numbers; zeros without labels.
func (t *table) indices(classes []string) []int32 {
	if classes == nil {
		return make([]int32, len(t.values)/t.cols)
	}
	return t.labels.numbers(classes)
}

// numbers replaces labels by their places among the classes.
func (l *labels) numbers(classes []string) []int32 {
	if len(classes) == 0 {
		return l.rows
	}
	place := map[string]int32{}
	for i, name := range classes {
		place[name] = int32(i)
	}
	class := make([]int32, len(l.names))
	for i, name := range l.names {
		class[i] = place[name]
	}
	for i, n := range l.rows {
		l.rows[i] = class[n]
	}
	return l.rows
}
