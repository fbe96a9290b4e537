package datasets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// tableInputs reads the rows of a table that has the columns of training.
func (l *loading) tableInputs(path string, c Contract, in *Inputs) (*Split, error) {
	if c.bytes() {
		return nil, fmt.Errorf("datasets: %s: a table has values; the model wants %s", path, c)
	}
	like, order, err := l.inputLayout(path, c)
	if err != nil {
		return nil, err
	}
	t, err := l.readCSVFile(path, like, c.Options)
	if err != nil {
		return nil, err
	}
	row := make([]float32, t.cols)
	for i := 0; i < len(t.values); i += t.cols {
		copy(row, t.values[i:])
		for k, from := range order {
			t.values[i+k] = row[from]
		}
	}
	split := &Split{Values: t.values, Labels: make([]int32, t.rows())}
	if c.Options.ChannelsFirst {
		split.reorder(c.Shape)
	}
	for i := range split.Labels {
		in.Names = append(in.Names, fmt.Sprintf("%s row %d", path, i+1))
	}
	return split, nil
}

// inputLayout finds the columns of training in a table: by their titles, which
// may stand in any order, or else by their number. order says, for each column
// of training, which of the table's features it is.
func (l *loading) inputLayout(path string, c Contract) (like *layout, order []int, err error) {
	var first [][]string
	var comma byte
	err = l.file(path, func(in *input) error {
		text, err := plainText(in)
		if err != nil {
			return err
		}
		r := &rows{in: text, comma: separator(text)}
		comma = r.comma
		for b := range r.blocks(2) {
			for i := range min(2, len(b.fields)/max(b.width, 1)) {
				first = append(first, b.row(i))
			}
			if b.err != nil || len(first) > 1 {
				break
			}
		}
		return nil
	})
	if err == nil && len(first) == 0 {
		err = errors.New("no rows")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	for _, row := range first {
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
	}
	like = &layout{width: len(first[0]), column: -1, feature: make([]bool, len(first[0])),
		chosen: make([]bool, len(first[0])), empty: make([]bool, len(first[0]))}
	if err := like.findTitles(first, comma, c.Options); err != nil {
		return nil, nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	columns, err := like.columnsOf(c)
	if err != nil {
		return nil, nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	sorted := slices.Sorted(slices.Values(columns))
	for _, col := range sorted {
		like.feature[col] = true
		like.Columns = append(like.Columns, strings.Trim(like.name(col), `"`))
	}
	for _, col := range columns {
		order = append(order, slices.Index(sorted, col))
	}
	return like, order, nil
}

// columnsOf says where the columns of training are.
func (l *layout) columnsOf(c Contract) (places []int, err error) {
	want, t := c.Shape[0]*c.Shape[1]*c.Shape[2], c.Table
	switch {
	case t.titled() && l.titles != nil:
		var missing []string
		for _, name := range t.Columns {
			i := slices.Index(l.titles, name)
			if i < 0 {
				missing = append(missing, name)
			}
			places = append(places, i)
		}
		if missing != nil {
			return nil, fmt.Errorf("no column %s, have %s", listed(missing), l.have())
		}
	case l.width == want:
		for i := range want {
			places = append(places, i)
		}
	case t != nil && !t.titled() && l.width == t.width():
		for _, name := range t.Columns {
			var n int
			if _, err := fmt.Sscanf(name, "column %d", &n); err != nil {
				return nil, err
			}
			places = append(places, n-1)
		}
	default:
		return nil, fmt.Errorf("%d columns, the model wants %d values in a row", l.width, want)
	}
	return places, nil
}

// titled reports whether all columns in use have a title.
func (t *TableAccount) titled() bool {
	return t != nil && !slices.ContainsFunc(t.Columns, func(name string) bool {
		return strings.HasPrefix(name, "column ")
	})
}

// width is how many columns the table has in all.
func (t *TableAccount) width() int {
	n := len(t.Columns) + len(t.LeftOut)
	if !strings.HasPrefix(t.Label, "none") {
		n++
	}
	return n
}
