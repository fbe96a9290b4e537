package datasets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// layout says what the columns of a table are for.
type layout struct {
	titles  []string // nil: the first row holds data
	width   int      // columns of the file
	column  int      // of the label; −1 if there is none
	targets []int    // by column of the file, its place among the targets; −1: none
	feature []bool   // by column of the file
	chosen  []bool   // features that [Options.Columns] names
	empty   []bool   // columns with neither a title nor values
	guessed bool     // nothing but its place says which column is the label's
	like    bool     // the columns are those of training
	order   []int    // if like: by feature, its place in training

	categories []*category // by column of the file; nil: its values are numbers
	fillings   []*filling  // likewise, what replaces missing values

	time, recording int // columns of a table of recordings; −1: none

	TableAccount
	warnings []string
}

// newLayout finds out what the columns are for by the first rows.
func newLayout(rows [][]string, comma byte, opts Options) (*layout, error) {
	l := &layout{width: len(rows[0]), column: -1, time: -1, recording: -1}
	if err := l.findTitles(rows, comma, opts); err != nil {
		return nil, err
	}
	wanted, named, err := l.choose(opts.Columns)
	if err != nil {
		return nil, fmt.Errorf("data.columns: %w", err)
	}
	l.findEmpty(rows, wanted)
	if err := l.findCategories(opts); err != nil {
		return nil, err
	}
	if opts.Windows.Length > 0 {
		if err := l.findStamps(opts.Windows, wanted); err != nil {
			return nil, err
		}
	}
	if opts.Targets != nil {
		err = l.findTargets(opts.Targets)
	} else {
		err = l.findLabel(rows, comma, opts, wanted)
	}
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(named, l.predicts); i >= 0 {
		return nil, fmt.Errorf("data.columns: %s is a target", l.name(named[i]))
	}
	if i := slices.Index(named, l.column); i >= 0 && l.column >= 0 {
		return nil, fmt.Errorf("data.columns: %s is the label", l.name(l.column))
	}
	for key, c := range map[string]int{"time": l.time, "recording": l.recording} {
		if c >= 0 && (c == l.column || l.predicts(c)) {
			return nil, fmt.Errorf("%s is predicted, and the %s of rows as well: data.windows.%s names another column, or none",
				l.name(c), key, key)
		}
	}
	for c := range l.width {
		if l.isCategory(c) && (c == l.column || l.predicts(c)) {
			return nil, fmt.Errorf("data.categories: %s is what is predicted", l.name(c))
		}
	}
	l.feature, l.chosen = make([]bool, l.width), make([]bool, l.width)
	all := !slices.Contains(wanted, 1)
	for c, want := range wanted {
		l.chosen[c] = want > 0
		switch {
		case c == l.column, c == l.time, c == l.recording, l.predicts(c):
		case l.empty[c]:
			l.LeftOut = append(l.LeftOut, LeftColumn{l.name(c), "no title and no values"})
		case want > 0 || want == 0 && all || l.isCategory(c):
			l.feature[c] = true
			l.Columns = append(l.Columns, l.title(c))
		default:
			l.LeftOut = append(l.LeftOut, LeftColumn{l.name(c), "data.columns"})
		}
	}
	if l.Columns == nil && l.width == 1 {
		return nil, errors.New("one column, want a label and at least one number, separated by comma, semicolon or tab")
	}
	if l.Columns == nil {
		return nil, fmt.Errorf("no column is left besides the label, have %s", l.have())
	}
	return l, errors.Join(l.alike(), l.findFillings(opts.Missing))
}

// title is a column's title, or else its number.
func (l *layout) title(c int) string {
	if l.titles == nil || l.titles[c] == "" {
		return fmt.Sprintf("column %d", c+1)
	}
	return l.titles[c]
}

// name is the title for messages: in quotes, unless it is a number.
func (l *layout) name(c int) string {
	if l.titles == nil || l.titles[c] == "" {
		return l.title(c)
	}
	return fmt.Sprintf("%q", l.titles[c])
}

// have lists the columns.
func (l *layout) have() string {
	if l.titles == nil {
		return fmt.Sprintf("columns 1..%d and no header", l.width)
	}
	return clip(strings.Join(l.titles, ", "))
}

// findEmpty finds columns that nobody wants and that have neither a title nor
// values, such as what follows a separator at the end of each row.
func (l *layout) findEmpty(rows [][]string, wanted []int) {
	l.empty = make([]bool, l.width)
	for c, want := range wanted {
		title, value := rows[0][c], rows[min(1, len(rows)-1)][c]
		if l.titles != nil && untitled(title) {
			title = ""
		}
		if l.empty[c] = want == 0 && title == "" && value == ""; l.empty[c] {
			wanted[c] = -1
		}
	}
}

// choose says of each column whether the selectors want it (1), leave it out
// (−1) or say nothing (0), and which columns they name one by one.
func (l *layout) choose(selectors []string) (wanted, named []int, err error) {
	wanted = make([]int, l.width)
	for _, s := range selectors {
		text, want := s, 1
		if strings.HasPrefix(s, "!") {
			text, want = s[1:], -1
		}
		columns, err := l.columns(text)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range columns {
			wanted[c] = want
		}
		if len(columns) == 1 {
			named = append(named, columns[0])
		}
	}
	return wanted, named, nil
}

// columns are those that a title, a number or a range of numbers means.
func (l *layout) columns(text string) (list []int, err error) {
	for c, title := range l.titles {
		if title == text && title != "" {
			list = append(list, c)
		}
	}
	if list != nil {
		return list, nil
	}
	low, high, isRange := strings.Cut(text, "..")
	if !isRange {
		high = low
	}
	_, lowErr := strconv.Atoi(low)
	if _, highErr := strconv.Atoi(high); lowErr != nil || highErr != nil {
		return nil, fmt.Errorf("no column %q, have %s", clip(text), l.have())
	}
	from, err := columnNumber(low, l.width)
	to, err2 := columnNumber(high, l.width)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("column %s out of range 1..%d", text, l.width)
	}
	if from > to {
		return nil, fmt.Errorf("%q, want the smaller number first", text)
	}
	for c := from; c <= to; c++ {
		list = append(list, c)
	}
	return list, nil
}

// oneColumn is the column that a title or a number means.
func (l *layout) oneColumn(text string) (int, error) {
	list, err := l.columns(text)
	if err == nil && len(list) > 1 {
		err = fmt.Errorf("%q means %d columns, want one", clip(text), len(list))
	}
	if err != nil {
		return -1, err
	}
	return list[0], nil
}

// alike refuses a title that a column in use shares with another one: which of them was
// meant, in this table or in one that is read like it, nothing would tell.
func (l *layout) alike() error {
	for c, title := range l.titles {
		used := l.feature[c] || c == l.column || c == l.time || c == l.recording || l.predicts(c)
		d := slices.Index(l.titles, title)
		if d == c {
			d = slices.Index(l.titles[c+1:], title) + c + 1
		}
		if used && d != c && !untitled(title) {
			return fmt.Errorf("columns %d and %d both have the title %q: rename one", min(c, d)+1, max(c, d)+1, title)
		}
	}
	return nil
}

// columnNumber reads a number from 1, or from the end as −1, as an index.
func columnNumber(text string, width int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, err
	}
	if n < 0 {
		n += width + 1
	}
	if n < 1 || n > width {
		return 0, fmt.Errorf("%s out of range 1..%d", text, width)
	}
	return n - 1, nil
}
