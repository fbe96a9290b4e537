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
	rows  []int32          // by row, an index into names
	names []string         // in the order they occur
	index map[string]int32 // into names, by name and by any other way to write it
	free  bool             // any text is a name, such as 1.5
}

// add appends the label of a row.
func (l *labels) add(text []byte) error {
	n, ok := l.index[string(text)]
	if !ok {
		name, err := string(text), error(nil)
		if !l.free {
			if name, err = cleanLabel(name); err != nil {
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

// cleanLabel writes whole numbers in one way, so that 1 and 1.0e+00 are one
// class, and refuses other numbers: a quantity to predict is not a class.
func cleanLabel(field string) (string, error) {
	if field == "" {
		return "", errors.New("no label")
	}
	if !utf8.ValidString(field) {
		return "", fmt.Errorf("label %q, want UTF-8", clip(field))
	}
	v, err := strconv.ParseFloat(field, 64)
	if err != nil {
		return field, nil
	}
	if v != math.Trunc(v) || math.Abs(v) > 1<<31 {
		return "", fmt.Errorf("label %q is a quantity, want a whole number or a name; data.label says which column "+
			"holds the classes", clip(field))
	}
	return strconv.Itoa(int(v)), nil
}

// refuseQuantities refuses to learn whole numbers that are many for classes: with
// few rows each, or far from each other.
func (t *table) refuseQuantities() error {
	if t.like {
		return nil
	}
	n, low, high := len(t.labels.names), math.MaxInt, math.MinInt
	for _, name := range t.labels.names {
		v, err := strconv.Atoi(name)
		if err != nil {
			return nil
		}
		low, high = min(low, v), max(high, v)
	}
	rows := len(t.labels.rows)
	if n <= 20 || 5*n <= rows && (n <= 50 || high-low < 4*n) {
		return nil
	}
	return fmt.Errorf("label: %s; it has %d different numbers in %d rows, %d to %d, like a quantity: "+
		"data.label says which column holds the classes; names of classes may be words, such as c%d",
		t.Label, n, rows, low, high, low)
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
	if t.column < 0 {
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
