package quantized

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Words is a column of words in a table. Each became an input, which is 1 where the column
// holds the word, and otherwise 0.
type Words struct {
	Column string   `json:"column"`
	First  int      `json:"first"` // the input of the first word, from 0
	Words  []string `json:"words"` // in the order of the inputs
	Zero   bool     `json:"zero"`  // other words, and missing ones, are 0 in all inputs; else they are refused
}

// Fill is what replaces the missing numbers of a column.
type Fill struct {
	Column string  `json:"column"`
	Value  float32 `json:"value"`
}

// tableFaults are the contradictions between what is said of a table and its columns.
func (r *Raw) tableFaults() (faults []error) {
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("raw: "+format, args...))
		}
	}
	for _, title := range r.Columns {
		want(utf8.ValidString(title), "column %q: want UTF-8", title)
	}
	end := 0
	for _, w := range r.Words {
		if w.First < end || len(w.Words) == 0 || w.First > len(r.Columns)-len(w.Words) {
			want(false, "words of %q at input %d: want at least one of the %d columns, after input %d", w.Column, w.First,
				len(r.Columns), end-1)
			return faults
		}
		for i, word := range w.Words {
			title := r.Columns[w.First+i]
			want(title == w.Column+"="+word, "input %d is %q: want %q, of the words", w.First+i, title, w.Column+"="+word)
		}
		end = w.First + len(w.Words)
	}
	for _, f := range r.Fills {
		want(slices.Contains(r.Columns, f.Column), "%q is filled in: want one of the columns", f.Column)
		want(finite([]float32{f.Value}), "%q is filled in with %v: want a finite number", f.Column, f.Value)
	}
	return faults
}
