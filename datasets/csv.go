package datasets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// table is the content of a CSV file.
type table struct {
	header []string  // nil if the first row holds data
	column int       // of the label; −1 if there is none
	cols   int       // without it
	values []float32 // rows × cols
	labels labels
}

// openCSV reads a table with one row per image. The separator is the most
// frequent in the first line of comma, semicolon and tab. The first row is a
// header if any of its fields except the label's is not a number. All fields
// but the label are finite numbers. Classes are the labels that occur, sorted
// as integers if all of them are, otherwise as strings.
func (l *loading) openCSV(path string, opts Options) (*Set, error) {
	if opts.Test != "" && opts.Seed != 0 {
		return nil, fmt.Errorf("datasets: with the test file %s the option Seed has no effect", opts.Test)
	}
	train, err := l.readCSVFile(path, opts.Label)
	if err != nil {
		return nil, err
	}
	tables := []*table{train}
	if opts.Test != "" {
		test, err := l.readCSVFile(opts.Test, opts.Label)
		if err != nil {
			return nil, err
		}
		if test.cols != train.cols || !slices.Equal(test.header, train.header) {
			return nil, fmt.Errorf("datasets: %s and %s differ in their columns", path, opts.Test)
		}
		tables = append(tables, test)
	}
	s := Set{Name: baseName(path), Source: path, Shape: [3]int{train.cols, 1, 1}}
	if err := s.reshape(opts); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	s.Classes = classNames(tables)
	var splits []*Split
	for _, t := range tables {
		split := &Split{Values: t.values, Labels: t.indices(s.Classes)}
		if opts.ChannelsFirst {
			split.reorder(s.Shape)
		}
		splits = append(splits, split)
	}
	s.Account.Division = opts.division(opts.Test != "")
	if opts.Test != "" {
		s.Train, s.Test = splits[0], splits[1]
	} else {
		s.Train, s.Test = divide(splits[0], opts)
	}
	return newSet(s, path)
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

func (l *loading) readCSVFile(path, label string) (t *table, err error) {
	var size extent
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		if err := l.file(path, size.measure); err != nil {
			return nil, err
		}
	}
	err = l.file(path, func(in *input) error {
		t, err = readCSV(in, label, size)
		return err
	})
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
func readCSV(in *input, label string, size extent) (*table, error) {
	r := &rows{in: bufio.NewReaderSize(in, 1<<16)}
	if mark, _ := r.in.Peek(3); string(mark) == "\ufeff" {
		r.in.Discard(3) // spreadsheets mark UTF-8 so
	}
	r.comma = separator(r.in)
	t := &table{}
	for b := range r.blocks(1 << 12) {
		err := t.take(in, b, label, size)
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
	return t, nil
}

// take appends the rows of a block, without the header in the first one.
func (t *table) take(in *input, b *block, label string, size extent) error {
	fields := len(b.fields)
	if fields == 0 {
		return nil
	}
	skip := 0
	if t.cols == 0 {
		header, err := t.begin(b.row(0), label)
		if err != nil {
			return err
		}
		if header {
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
	for i := skip; i < fields; i++ {
		if err := t.add(bytes.TrimSpace(b.field(i)), i%b.width == t.column); err != nil {
			f := b.fields[i]
			return fmt.Errorf("line %d, column %d: %w", f.line, f.column, err)
		}
	}
	return nil
}

// begin determines the columns from the first row, and whether it is a header.
func (t *table) begin(row []string, label string) (header bool, err error) {
	header, t.column, err = inspectRow(row, label)
	if err != nil {
		return false, err
	}
	t.cols = len(row)
	if t.column >= 0 {
		t.cols--
	}
	if t.cols == 0 {
		return false, errors.New("one column, want a label and at least one number")
	}
	if header {
		t.header = row
	}
	return header, nil
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

// add appends a number or a label.
func (t *table) add(text []byte, label bool) error {
	if label {
		return t.labels.add(text)
	}
	v, ok := decimal(text)
	if !ok {
		exact, err := strconv.ParseFloat(string(text), 32)
		if err != nil || exact-exact != 0 {
			return fmt.Errorf("%q, want a finite number", clip(string(text)))
		}
		v = float32(exact)
	}
	t.values = append(t.values, v)
	return nil
}

// separator chooses the separator by the first line.
func separator(br *bufio.Reader) byte {
	start, _ := br.Peek(4096)
	line, _, _ := bytes.Cut(start, []byte("\n"))
	best, most := byte(','), bytes.Count(line, []byte(","))
	for _, c := range []byte(";\t") {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// inspectRow finds the label's column, −1 if there is none, and says whether
// the first row is a header.
func inspectRow(row []string, label string) (header bool, column int, err error) {
	if label == "none" {
		return anyText(row, -1), -1, nil
	}
	if n, err := strconv.Atoi(label); err == nil {
		if n < 0 {
			n += len(row) + 1
		}
		if n < 1 || n > len(row) {
			return false, 0, fmt.Errorf("label column %s out of range 1..%d", label, len(row))
		}
		return anyText(row, n-1), n - 1, nil
	}
	for i, field := range row {
		field = strings.TrimSpace(field)
		if field == label || label == "" && usualLabel(field) {
			return true, i, nil
		}
	}
	if label != "" {
		return false, 0, fmt.Errorf("no column %q, have %s", label, clip(strings.Join(row, ", ")))
	}
	return anyText(row, len(row)-1), len(row) - 1, nil
}

// usualLabel reports whether a header is a usual name of a label column.
func usualLabel(header string) bool {
	switch strings.ToLower(header) {
	case "label", "class", "target", "y":
		return true
	}
	return false
}

// anyText reports whether a field other than the label's is not a number.
func anyText(row []string, column int) bool {
	for i, field := range row {
		if _, err := strconv.ParseFloat(strings.TrimSpace(field), 64); err != nil && i != column {
			return true
		}
	}
	return false
}
