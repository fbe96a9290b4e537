package datasets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// labelTitles are the usual titles of a label's column, the most telling first. Columns
// with any of the last are as often features.
var labelTitles = [...][]string{
	{"label", "class", "target"},
	{"y"},
	{"price", "species", "diagnosis", "outcome", "output", "response", "quality"},
}

// usualLabel reports whether a title means a label in any table.
func usualLabel(title string) bool {
	title = strings.ToLower(title)
	return slices.Contains(labelTitles[0], title) || slices.Contains(labelTitles[1], title)
}

// findLabel finds the label's column: the one that the options name, that has a usual
// title, or that is the last one. Words elsewhere may be meant as well, so that is asked.
func (l *layout) findLabel(rows [][]string, comma byte, opts Options, wanted []int) error {
	if opts.Label == "none" {
		l.Label.Reason = "data.label"
		return nil
	}
	if opts.Label != "" {
		column, err := l.oneColumn(opts.Label)
		if err != nil {
			return fmt.Errorf("data.label: %w; data.targets predicts several", err)
		}
		return l.setLabel(column, "data.label")
	}
	var open, words []int // columns that data.columns says nothing about
	for c, want := range wanted {
		if want != 0 || l.isCategory(c) {
			continue
		}
		open = append(open, c)
		if hasText(l.below(rows), c, comma) {
			words = append(words, c)
		}
	}
	signals := opts.Windows.Length > 0
	if found, err := l.titled(signals, open, words); found || err != nil {
		return err
	}
	switch {
	case len(open) == 0:
		return errors.New("data.columns leaves no column for the label")
	case signals && len(words) == 1:
		return l.setLabel(words[0], "the only column of text")
	case signals:
		return fmt.Errorf("no column is titled label, class or target: data.label says which one holds the labels, or "+
			"none; have %s", l.have())
	}
	last := open[len(open)-1]
	switch {
	case len(words) == 1 && words[0] == last:
		return l.setLabel(last, "the only column of text")
	case len(words) > 0 && !slices.Contains(words, last):
		return l.askForLabel(words, last)
	}
	missing := "no header and no data.label"
	if l.titles != nil {
		missing = "no title says label, class, target or y, and there is no data.label"
	}
	l.guessed = true
	l.setLabel(last, "the last column")
	l.warnings = append(l.warnings, fmt.Sprintf("%s: %s is taken as the label", missing, l.Label.place()))
	return nil
}

// titled takes a column for the label if it has a usual title and no other column has one
// that says as much. Axes of signals are called y.
func (l *layout) titled(signals bool, open, words []int) (found bool, err error) {
	for rank, usual := range labelTitles {
		var columns []int
		for c, title := range l.titles {
			if slices.Contains(usual, strings.ToLower(title)) && (rank < 2 || slices.Contains(open, c)) {
				columns = append(columns, c)
			}
		}
		switch {
		case columns == nil || signals && rank > 0:
			continue
		case len(columns) > 1:
			return false, fmt.Errorf("%s and %s both have the title of a label: data.label says which is predicted; have %s",
				l.name(columns[0]), l.name(columns[1]), l.have())
		}
		last := open[max(0, len(open)-1):]
		if rank > 1 && !slices.Equal(last, columns) && !slices.Equal(words, columns) {
			l.warnings = append(l.warnings, fmt.Sprintf("%s is taken as the label, and not the last column: "+
				"data.label says otherwise", l.name(columns[0])))
		}
		return true, l.setLabel(columns[0], "its title says so")
	}
	return false, nil
}

// askForLabel is the error for a table whose columns of words or whose last one, of
// numbers, may be the label.
func (l *layout) askForLabel(words []int, last int) error {
	var keys, names []string
	for _, c := range words {
		names = append(names, l.name(c))
		keys = append(keys, l.key(c))
	}
	return fmt.Errorf("the label may be %s, of words, or %s, the last column: data.label: %s, or data.label: %s, says "+
		"which; data.categories: [%s] makes features of words", listed(names), l.name(last), listed(keys), l.key(last),
		strings.Join(keys, ", "))
}

// key is how a configuration names a column.
func (l *layout) key(c int) string { return strings.TrimPrefix(l.name(c), "column ") }

func (l *layout) setLabel(c int, why string) error {
	l.column, l.Label = c, LabelAccount{Number: c + 1, Reason: why}
	if l.titles != nil {
		l.Label.Title = l.titles[c]
	}
	return nil
}

// below are the rows without that of the titles.
func (l *layout) below(rows [][]string) [][]string {
	if l.titles != nil {
		return rows[1:]
	}
	return rows
}

// hasText reports whether a column holds a word.
func hasText(rows [][]string, c int, comma byte) bool {
	return slices.ContainsFunc(rows, func(row []string) bool { return isText(row[c], comma) })
}
