package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// table is the content of a CSV file.
type table struct {
	*layout
	cols   int       // features
	values []float32 // rows × cols
	labels labels
	answer answer // what is predicted
	marks  marks
	stamps
	written []written // by column of the file

	pending int // targets of the last row that have been read, if some are still to come
}

// openCSV reads a table with one row per image. The separator is the most
// frequent in the first line of comma, semicolon and tab. The first row is a
// header if a field is text above a number. Features are finite numbers.
// Classes are the labels that occur, sorted as integers if all of them are,
// otherwise as strings.
func (l *loading) openCSV(path string, opts Options) (*Set, error) {
	if opts.Test != "" && opts.Seed != 0 {
		return nil, fmt.Errorf("datasets: with the test file %s the option Seed has no effect", opts.Test)
	}
	if opts.Windows.Length > 0 {
		return l.openWindows(path, opts)
	}
	train, err := l.readCSVFile(path, l.like, opts)
	if err != nil {
		return nil, err
	}
	if l.like == nil {
		train.leaveIndices()
		if train.cols == 0 {
			return nil, fmt.Errorf("datasets: %s: no column is left besides the label: those without a title are indices; "+
				"data.columns: [1] takes one", path)
		}
		if err := train.spread(l.hold); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
	}
	tables := []*table{train}
	if opts.Test != "" {
		test, err := l.secondTable(train, opts)
		if err != nil {
			return nil, err
		}
		tables = append(tables, test)
	}
	s := Set{Name: baseName(path), Source: path, Shape: [3]int{train.cols, 1, 1}}
	s.Account = Account{Table: &train.TableAccount, Warnings: train.warnings, Division: opts.division(opts.Test != "")}
	s.Account.Values.Type = train.marks.String()
	if err := errors.Join(s.reshape(opts), decide(tables, opts, l.targets())); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	s.Account.Warnings = train.warnings
	s.Target, s.Targets = train.answer.Target, train.answer.names
	if s.Target == ClassTarget {
		var names []string
		for _, t := range tables {
			names = append(names, t.labels.names...)
		}
		s.Classes = sortedClasses(names)
	}
	var splits []*Split
	for _, t := range tables {
		splits = append(splits, &Split{Values: t.values, Labels: t.indices(s.Classes), Targets: t.answer.values})
	}
	if opts.Test != "" {
		s.Train, s.Test = splits[0], splits[1]
	} else {
		s.Train, s.Test = l.divide(splits[0], opts)
	}
	if l.like == nil {
		if err := fill(tables, s.Train); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
	}
	for i, split := range splits {
		if err := tables[i].complete(); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", []string{path, opts.Test}[i], err)
		}
		if opts.ChannelsFirst {
			split.reorder(s.Shape)
		}
	}
	return newSet(s, path)
}

// secondTable reads the test split's file, in which the columns may have another
// order.
func (l *loading) secondTable(train *table, opts Options) (*table, error) {
	like := &Contract{Shape: [3]int{train.cols, 1, 1}, Table: &train.TableAccount}
	like.Options.Target = opts.Target
	test, err := l.readCSVFile(opts.Test, like, opts)
	if err != nil {
		return nil, err
	}
	train.warnings = append(train.warnings, test.warnings...)
	test.LeftOut = slices.DeleteFunc(test.LeftOut, func(c LeftColumn) bool {
		return slices.ContainsFunc(train.LeftOut, func(d LeftColumn) bool { return c.Column == d.Column })
	})
	if len(test.LeftOut) > 0 {
		train.warnings = append(train.warnings, fmt.Sprintf("left out of %s: %s", opts.Test, listed(test.leftOut())))
	}
	return test, nil
}

// reshape turns rows into images, if the options ask for it.
func (s *Set) reshape(opts Options) error {
	if opts.Shape == [3]int{} {
		if opts.ChannelsFirst {
			return errors.New("without Shape the option ChannelsFirst has no effect")
		}
		return nil
	}
	if n := opts.Shape[0] * opts.Shape[1] * opts.Shape[2]; n != s.Shape[0] {
		return fmt.Errorf("%d columns do not make images of shape %v", s.Shape[0], opts.Shape)
	}
	s.Shape = opts.Shape
	return nil
}

// readCSVFile reads a table; if like is not nil, its columns are those that it
// says.
func (l *loading) readCSVFile(path string, like *Contract, opts Options) (t *table, err error) {
	var size extent
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		if err := l.file(path, size.measure); err != nil {
			return nil, err
		}
	}
	err = l.file(path, func(in *input) error {
		t, err = readCSV(in, like, opts, size)
		return err
	})
	if err == nil && l.like != nil {
		l.warned = append(l.warned, t.warnings...)
	}
	return t, err
}

// extent is how much text a file holds, if that is known.
type extent struct{ lines, bytes int64 }

func (e *extent) measure(in *input) error {
	block := make([]byte, 1<<16)
	ended := true // the last line
	for {
		n, err := in.Read(block)
		if n > 0 {
			ended = block[n-1] == '\n'
		}
		e.lines += int64(bytes.Count(block[:n], []byte("\n")))
		e.bytes += int64(n)
		if err == io.EOF && !ended {
			e.lines++
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return in.errorf("%w", err)
		}
	}
}

// readCSV reads a table into as much memory as its text can fill.
func readCSV(in *input, like *Contract, opts Options, size extent) (*table, error) {
	text, err := plainText(in)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", in.name, err)
	}
	comma, lines, err := separated(text)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", in.name, err)
	}
	r := &rows{in: text, comma: comma, line: lines}
	t := &table{marks: marks{comma: r.comma}, labels: labels{comma: r.comma, lists: opts.Target == LabelTargets,
		blank: opts.Windows.Length > 0 && (opts.Target == PixelTargets || opts.Windows.Missing == "cut")}}
	for b := range r.blocks(1 << 12) {
		err := t.take(in, b, like, opts, size)
		if err == nil && b.err != io.EOF {
			err = b.err
		}
		if err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", in.name, err)
		}
	}
	if len(t.values) == 0 {
		return nil, fmt.Errorf("datasets: %s: no rows", in.name)
	}
	t.warnOfThousands()
	t.inOrder()
	if like != nil {
		if err := t.spread(in.hold); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", in.name, err)
		}
	}
	return t, nil
}

// take appends the rows of a block, without the header in the first one.
func (t *table) take(in *input, b *block, like *Contract, opts Options, size extent) error {
	fields := len(b.fields)
	if fields == 0 {
		return nil
	}
	skip := 0
	if t.cols == 0 {
		if err := t.begin(b, like, opts); err != nil {
			return err
		}
		if t.titles != nil {
			skip = b.width
		}
		// A number takes two bytes or more.
		rows := size.lines - int64(skip/b.width)
		if err := t.grow(in, min(rows*int64(t.cols), size.bytes/2+1)); err != nil {
			return err
		}
	}
	if err := t.grow(in, int64((fields-skip)/b.width*t.cols)); err != nil {
		return err
	}
	for i, c := skip, 0; i < fields; i++ {
		var err error
		if t.feature[c] && t.isCategory(c) {
			err = t.addWord(bytes.TrimSpace(b.field(i)), c)
		} else if t.feature[c] {
			err = t.add(bytes.TrimSpace(b.field(i)), c)
		} else if t.predicts(c) {
			err = t.target(bytes.TrimSpace(b.field(i)), c)
		} else if c == t.column {
			err = t.labels.add(bytes.TrimSpace(b.field(i)))
		} else if c == t.time {
			err = t.addTime(string(bytes.TrimSpace(b.field(i))))
		} else if c == t.recording {
			err = t.recordings.add(bytes.TrimSpace(b.field(i)))
		} else if t.empty[c] && len(bytes.TrimSpace(b.field(i))) > 0 {
			err = fmt.Errorf("%q in %s, which has no title, and had no values so far", clip(string(b.field(i))),
				t.name(c))
		}
		if err != nil {
			f := b.fields[i]
			return fmt.Errorf("line %d, column %d: %w", f.line, f.column, err)
		}
		if c++; c == b.width {
			c = 0
		}
	}
	return nil
}

// begin determines the columns from the first rows.
func (t *table) begin(b *block, like *Contract, opts Options) (err error) {
	var rows [][]string
	for i := range min(100, len(b.fields)/b.width) {
		row := b.row(i)
		for k := range row {
			row[k] = strings.TrimSpace(row[k])
		}
		rows = append(rows, row)
	}
	if like != nil {
		t.layout, err = layoutLike(rows, t.marks.comma, like, opts)
	} else {
		t.layout, err = newLayout(rows, t.marks.comma, opts)
	}
	if err != nil {
		return err
	}
	t.cols, t.written = len(t.Columns), make([]written, t.width)
	t.recordings.free = true
	t.window, t.cut = opts.Windows.Length, opts.Windows.Missing == "cut"
	return nil
}

// grow makes room for n more numbers and their rows' labels.
func (t *table) grow(in *input, n int64) error {
	if int64(cap(t.values)-len(t.values)) >= n {
		return nil
	}
	n = max(n, int64(len(t.values))/4)
	if err := in.hold(4 * n); err != nil {
		return err
	}
	t.values = grown(t.values, int(n))
	t.labels.rows = grown(t.labels.rows, int(n)/t.cols)
	return nil
}

// grown is slices.Grow without append's spare capacity.
func grown[T any](x []T, n int) []T {
	return append(make([]T, 0, len(x)+n), x...)
}

// add appends a number of a column.
func (t *table) add(text []byte, column int) error {
	v, err := t.parse(text, column)
	t.values = append(t.values, v)
	return err
}
