package datasets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// layoutLike finds the columns that a network was trained on in another table: by
// their titles, in any order, or without titles by their numbers. Other columns
// are left out. The label is found unless [Options.Label] is none.
func layoutLike(rows [][]string, comma byte, c *Contract, opts Options) (*layout, error) {
	var label Options
	if t := c.Table; t != nil && t.Label.Number > 0 && t.Label.Title == "" {
		label.Label = strconv.Itoa(t.Label.Number)
	}
	header := HeaderFalse
	if _, yes := looksTitled(rows, comma, label); !c.Table.holds(rows[0], comma) &&
		(yes && len(rows) > 1 || c.Table.heads(rows[0])) {
		header = HeaderTrue
	}
	width := len(rows[0])
	l := &layout{width: width, column: -1, time: -1, recording: -1, like: true, feature: make([]bool, width),
		empty: make([]bool, width)}
	if err := l.findTitles(rows, comma, Options{Header: header}); err != nil {
		return nil, err
	}
	if opts.Windows.Length > 0 {
		if err := l.findStampsLike(c.Table, opts.Windows); err != nil {
			return nil, err
		}
	}
	if opts.Label != "none" {
		if err := l.findAnswerLike(rows, comma, c, opts); err != nil {
			return nil, err
		}
	}
	places, err := l.featuresLike(c)
	if err != nil {
		return nil, err
	}
	like := map[int]int{} // by place, the feature of training
	for i, at := range places {
		like[at], l.feature[at] = i, true
	}
	l.wordsLike(c.Table, places)
	l.fillLike(c.Table, places, opts)
	for at, used := range l.feature {
		switch {
		case used:
			l.Columns = append(l.Columns, l.title(at))
			l.order = append(l.order, like[at])
		case at != l.column && at != l.time && at != l.recording && !l.predicts(at):
			l.LeftOut = append(l.LeftOut, LeftColumn{l.name(at), "not in training"})
		}
	}
	return l, l.alike()
}

// heads reports whether a row has titles of the table: a word, or all of them
// where they are numbers.
func (t *TableAccount) heads(row []string) bool {
	if t == nil {
		return false
	}
	known, first := 0, setOf(row)
	for _, title := range append(t.read(), t.Label.Title) {
		if title == "" || !first[title] {
			continue
		}
		if known++; isText(title, ',') {
			return true
		}
	}
	return known >= len(t.read())
}

// holds reports whether a row may be one of the table, if that has no titles: with numbers
// and words of training where it has features, whatever is below.
func (t *TableAccount) holds(row []string, comma byte) bool {
	if t == nil {
		return false
	}
	columns := t.read()
	for i, column := range columns {
		at := untitledNumber(column) - 1
		if len(row) == len(columns) { // nothing but features
			at = i
		} else if len(row) != t.width() {
			return false
		}
		if at < 0 || at >= len(row) {
			return false
		}
		if w := t.category(column); w != nil {
			if _, err := w.number([]byte(row[at])); err != nil {
				return false
			}
		} else if !isNumber(row[at], comma) && !isMissing(row[at]) {
			return false
		}
	}
	return true
}

func setOf(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

// width is how many columns the table has in all.
func (t *TableAccount) width() int {
	return len(t.read()) + len(t.LeftOut) + len(t.Targets) + min(t.Label.Number, 1) + min(t.Time.Number, 1) +
		min(t.Recording.Number, 1)
}

// findAnswerLike finds what is predicted: the columns of training or, where a model is without
// its run, those that have the names of what it computes, or else the label's.
func (l *layout) findAnswerLike(rows [][]string, comma byte, c *Contract, opts Options) error {
	t := c.Table
	switch {
	case t != nil && t.Targets != nil:
		return l.findTargetsLike(t)
	case t == nil || t.Label.Number > 0 || c.Targets == nil ||
		slices.ContainsFunc(c.Targets, func(name string) bool { return !slices.Contains(l.titles, name) }):
		return l.findLabelLike(rows, comma, t, opts)
	}
	var named TableAccount
	for _, name := range c.Targets {
		named.Targets = append(named.Targets, LabelAccount{Title: name})
	}
	return l.findTargetsLike(&named)
}

// findLabelLike finds the label's column.
func (l *layout) findLabelLike(rows [][]string, comma byte, t *TableAccount, opts Options) error {
	if t == nil || t.Label.Number == 0 {
		wanted := make([]int, l.width)
		if t != nil {
			features := setOf(t.read())
			for at, title := range l.titles {
				if features[title] {
					wanted[at] = 1
				}
			}
		}
		opts.Label = ""
		return l.findLabel(rows, comma, opts, wanted)
	}
	title := t.Label.Title
	if l.column = slices.Index(l.titles, title); title == "" || l.titles == nil {
		l.column = l.numbered(t.Label.Number, t)
	}
	switch {
	case l.column >= 0:
		return l.setLabel(l.column, t.Label.Reason)
	case l.titles == nil:
		return fmt.Errorf("%d columns without titles, want the %d of training", l.width, t.width())
	}
	return fmt.Errorf("no column %q for the label, have %s", title, l.have())
}

// numbered is the place of a column by its number in training; −1 if the tables
// are not equally wide.
func (l *layout) numbered(number int, t *TableAccount) int {
	if l.width != t.width() || number > l.width {
		return -1
	}
	return number - 1
}

// featuresLike says where the columns of training are.
func (l *layout) featuresLike(c *Contract) (places []int, err error) {
	taken := make([]bool, l.width) // by something else than a feature
	others := l.width
	for at := range taken {
		if at == l.column || at == l.time || at == l.recording || l.predicts(at) {
			taken[at] = true
			others--
		}
	}
	want := c.size()
	var columns []string
	if c.Table != nil {
		columns = c.Table.read()
		want -= len(c.Table.Columns) - len(columns)
	}
	if (c.Table == nil || l.titles == nil) && others == want {
		for at := range l.width {
			if !taken[at] {
				places = append(places, at)
			}
		}
		return places, nil
	}
	if c.Table == nil {
		return nil, fmt.Errorf("%d columns, the model wants %d values in a row", others, want)
	}
	titled := map[string]int{}
	for at, title := range slices.Backward(l.titles) {
		if !taken[at] {
			titled[title] = at
		}
	}
	var missing []string
	for _, name := range columns {
		at, ok := titled[name]
		if number := untitledNumber(name); !ok && number > 0 {
			at = l.numbered(number, c.Table)
			ok = at >= 0
		}
		if !ok || taken[at] {
			missing = append(missing, name)
			continue
		}
		taken[at] = true
		places = append(places, at)
	}
	switch {
	case missing != nil && l.titles == nil:
		return nil, fmt.Errorf("%d columns without titles, the model wants %d values in a row", others, want)
	case missing != nil:
		return nil, fmt.Errorf("no column %s, have %s", listed(missing), l.have())
	case len(places) != want:
		return nil, fmt.Errorf("training had %d columns, the model wants %d values in a row", len(places), want)
	}
	return places, nil
}

// untitledNumber is the number of a column that has no title; 0 if it has one.
func untitledNumber(name string) int {
	text, _ := strings.CutPrefix(name, "column ")
	number, err := strconv.Atoi(text)
	if err != nil || text == name {
		return 0
	}
	return number
}

// inOrder puts the values of each row into the order of training.
func (t *table) inOrder() {
	if slices.IsSorted(t.order) {
		return
	}
	row := make([]float32, t.cols)
	for i := 0; i < len(t.values); i += t.cols {
		copy(row, t.values[i:])
		for k, to := range t.order {
			t.values[i+to] = row[k]
		}
	}
}
