package datasets

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// leaveIndices leaves out the features that number the rows and have no title,
// as data frames write their index. It warns of others that look like numbers
// of rows or things.
func (t *table) leaveIndices() {
	var keep []int // features
	k := -1
	for c, feature := range t.feature {
		if !feature {
			continue
		}
		k++
		index := t.titles != nil && !t.chosen[c] && untitled(t.titles[c])
		few := t.rows() < 10 // whole numbers that may differ by chance
		if t.isCategory(c) || !index && few || !t.numbersRows(k) {
			if index && !t.isCategory(c) && t.whole(k) { // of tables that were joined, or of several levels
				t.warnings = append(t.warnings, fmt.Sprintf("%s has no title and is a feature, of whole numbers that repeat, "+
					"like an index; data.columns: [\"!%s\"] leaves it out", t.name(c), t.selector(c)))
			}
			keep = append(keep, k)
			continue
		}
		if index && t.cols > 1 {
			t.feature[c] = false
			t.LeftOut = append(t.LeftOut, LeftColumn{t.name(c), "an index without a title"})
			continue
		}
		keep = append(keep, k)
		t.warnings = append(t.warnings, fmt.Sprintf("%s has a different whole number in each row, like an id; "+
			"data.columns: [\"!%s\"] leaves it out", t.name(c), t.selector(c)))
	}
	t.keep(keep)
}

// untitled reports whether a title is none. Data frames that were written and
// read again call their index so.
func untitled(title string) bool { return title == "" || strings.HasPrefix(title, "Unnamed: ") }

// selector is how [Options.Columns] names a column.
func (l *layout) selector(c int) string {
	if l.titles == nil || l.titles[c] == "" {
		return fmt.Sprint(c + 1)
	}
	return l.titles[c]
}

// rows is the number of rows.
func (t *table) rows() int { return len(t.values) / t.cols }

// numbersRows reports whether feature k has another whole number in each row.
// Most features repeat one early on, so it looks at few rows first.
func (t *table) numbersRows(k int) bool {
	var column []float32
	for n, rows := min(1<<8, t.rows()), t.rows(); ; n = min(8*n, rows) {
		column = slices.Grow(column[:0], n)[:n]
		for i := range column {
			v := t.values[i*t.cols+k]
			if v != float32(math.Trunc(float64(v))) {
				return false
			}
			column[i] = v
		}
		slices.Sort(column)
		if len(slices.Compact(column)) < n {
			return false
		}
		if n == rows {
			return true
		}
	}
}

// whole reports whether feature k has whole numbers only.
func (t *table) whole(k int) bool {
	for at := k; at < len(t.values); at += t.cols {
		if v := t.values[at]; v != float32(math.Trunc(float64(v))) {
			return false
		}
	}
	return true
}

// keep keeps some of the features.
func (t *table) keep(features []int) {
	if len(features) == t.cols {
		return
	}
	var names []string
	for _, k := range features {
		names = append(names, t.Columns[k])
	}
	to := t.values[:0]
	for row := 0; row < len(t.values); row += t.cols {
		for _, k := range features {
			to = append(to, t.values[row+k])
		}
	}
	t.Columns, t.values, t.cols = names, to, len(features)
}
