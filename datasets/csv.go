package datasets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table is the content of a CSV file.
type table struct {
	path   string
	header []string  // nil if the first row holds data
	cols   int       // without the label
	values []float32 // rows × cols
	labels []string  // rows; nil if there are none
}

// openCSV reads a table, one row an image. The separator is the one that the
// first line has most of: comma, semicolon or tab. The first row is a header
// if any of its fields except the label's is not a number. All fields but the
// label are finite numbers. Classes are the labels that occur, sorted as
// integers if all of them are, else as strings.
func openCSV(path string, opts Options) (*Set, error) {
	err := opts.allow("a CSV file", []string{"Label", "Test", "TestFraction", "Seed", "Shape", "ChannelsFirst"})
	if err != nil {
		return nil, err
	}
	if opts.Test != "" && opts.Seed != 0 {
		return nil, fmt.Errorf("datasets: with the test file %s the option Seed has no effect", opts.Test)
	}
	train, err := readCSVFile(path, opts.Label)
	if err != nil {
		return nil, err
	}
	tables := []*table{train}
	if opts.Test != "" {
		test, err := readCSVFile(opts.Test, opts.Label)
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
	if opts.Test != "" {
		s.Train, s.Test = splits[0], splits[1]
	} else {
		s.Train, s.Test = divide(splits[0], opts)
	}
	return newSet(s, path)
}

// reshape makes images of rows, if that is asked for.
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

func readCSVFile(path, label string) (t *table, err error) {
	err = withFile(path, func(in *input) error {
		t, err = readCSV(in, label)
		return err
	})
	return t, err
}

func readCSV(in *input, label string) (*table, error) {
	br := bufio.NewReader(&lines{in: in})
	if mark, _ := br.Peek(3); string(mark) == "\ufeff" {
		br.Discard(3) // spreadsheets mark UTF-8 so
	}
	r := csv.NewReader(br)
	r.Comma = separator(br)
	r.ReuseRecord = true
	t := &table{path: in.name}
	column := -1
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", in.name, err)
		}
		if first {
			header, at, err := inspectRow(row, label)
			if err != nil {
				return nil, fmt.Errorf("datasets: %s: %w", in.name, err)
			}
			column, t.cols = at, len(row)
			if column >= 0 {
				t.cols--
			}
			if t.cols == 0 {
				return nil, fmt.Errorf("datasets: %s: one column, want a label and at least one number", in.name)
			}
			if header {
				t.header = slices.Clone(row)
				continue
			}
		}
		if err := t.add(r, row, column); err != nil {
			return nil, err
		}
		if len(t.values) > maxBytes/4 {
			return nil, in.errorf("more than %d numbers", maxBytes/4)
		}
	}
	if len(t.values) == 0 {
		return nil, fmt.Errorf("datasets: %s: no rows", in.name)
	}
	return t, nil
}

// maxLine bounds one line of a table.
const maxLine = 1 << 22

// lines passes text on and fails at a line, or a file, that is too long.
type lines struct {
	in   *input
	line int // bytes since the last line's end
}

func (l *lines) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	l.line += n
	if end := bytes.LastIndexByte(p[:n], '\n'); end >= 0 {
		l.line = n - end - 1
	}
	if l.line > maxLine {
		return 0, fmt.Errorf("a line of more than %d bytes", maxLine)
	}
	if l.in.off > maxBytes {
		return 0, fmt.Errorf("more than %d bytes", int64(maxBytes))
	}
	return n, err
}

// add appends a row.
func (t *table) add(r *csv.Reader, row []string, column int) error {
	for i, field := range row {
		field = strings.TrimSpace(field)
		if i == column {
			label, err := cleanLabel(field)
			if err != nil {
				line, at := r.FieldPos(i)
				return fmt.Errorf("datasets: %s: line %d, column %d: %w", t.path, line, at, err)
			}
			t.labels = append(t.labels, label)
			continue
		}
		v, err := strconv.ParseFloat(field, 32)
		if err != nil || v-v != 0 {
			line, at := r.FieldPos(i)
			return fmt.Errorf("datasets: %s: line %d, column %d: %q, want a finite number", t.path, line, at, clip(field))
		}
		t.values = append(t.values, float32(v))
	}
	return nil
}

// cleanLabel writes whole numbers in one way, so that 1 and 1.0e+00 are one
// class, and refuses other numbers: a quantity to predict is no class.
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
		return "", fmt.Errorf("label %q, want a whole number or a name", clip(field))
	}
	return strconv.Itoa(int(v)), nil
}

// separator looks at the first line.
func separator(br *bufio.Reader) rune {
	start, _ := br.Peek(4096)
	line, _, _ := bytes.Cut(start, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
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

// usualLabel reports whether a header is what label columns are usually called.
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

// classNames lists the labels of all tables, each once; nil without labels.
func classNames(tables []*table) []string {
	var names []string
	seen := map[string]bool{}
	integers := true
	for _, t := range tables {
		for _, label := range t.labels {
			if !seen[label] {
				seen[label] = true
				names = append(names, label)
				_, err := strconv.Atoi(label)
				integers = integers && err == nil
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if integers {
			m, _ := strconv.Atoi(a)
			n, _ := strconv.Atoi(b)
			return m - n
		}
		return strings.Compare(a, b)
	})
	return names
}

// indices turns labels into numbers; zeros without labels.
func (t *table) indices(classes []string) []int32 {
	index := map[string]int32{}
	for i, name := range classes {
		index[name] = int32(i)
	}
	labels := make([]int32, len(t.values)/t.cols)
	for i, label := range t.labels {
		labels[i] = index[label]
	}
	return labels
}
