package datasets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
)

// rows reads a table's rows. Fields, positions and errors are those of
// encoding/csv, but fields are not separate strings.
type rows struct {
	in     *bufio.Reader
	comma  byte
	width  int    // fields a row; 0: as many as the first one will have
	line   int    // lines read so far
	long   []byte // a line that is longer than the buffer of in
	rest   []byte // of the last line, what is to be parsed
	column int    // where it begins, in bytes from 1
	*block        // where rows are read to
}

// block holds some rows.
type block struct {
	width  int    // fields a row
	text   []byte // of the fields, one after the other
	fields []field
	err    error // why no rows follow; nil: some may
}

// field is a part of a row.
type field struct {
	end          int // in the block's text
	line, column int // where it begins in the file
}

// field is field i of the block.
func (b *block) field(i int) []byte {
	begin := 0
	if i > 0 {
		begin = b.fields[i-1].end
	}
	return b.text[begin:b.fields[i].end]
}

// row is the fields of row i.
func (b *block) row(i int) []string {
	row := make([]string, b.width)
	for k := range row {
		row[k] = string(b.field(i*b.width + k))
	}
	return row
}

// blocks reads all rows in blocks of at least that many fields, completed to
// whole rows. While the caller works on a block, the next is read.
func (r *rows) blocks(fields int) iter.Seq[*block] {
	return func(yield func(*block) bool) {
		ask, ready := make(chan *block, 2), make(chan *block, 2)
		go func() {
			defer close(ready)
			for r.block = range ask {
				r.fill(fields)
				ready <- r.block
			}
		}()
		defer func() {
			close(ask)
			for range ready { // until the reader has ended
			}
		}()
		for range cap(ask) {
			ask <- &block{}
		}
		for b := range ready {
			if !yield(b) || b.err != nil {
				return
			}
			ask <- b
		}
	}
}

// fill replaces the block's rows with the next ones.
func (r *rows) fill(fields int) {
	if r.fields == nil {
		r.fields = make([]field, 0, 2*fields)
	}
	r.text, r.fields = r.text[:0], r.fields[:0]
	for r.err == nil && len(r.fields) < fields {
		whole := len(r.fields)
		if r.err = r.next(); r.err != nil {
			r.fields = r.fields[:whole]
		}
	}
	r.block.width = r.width
}

// maxLine bounds one line of a table.
const maxLine = 1 << 22

// next appends the next row that is not an empty line, or returns io.EOF if
// there is none.
func (r *rows) next() error {
	for empty := true; empty; empty = len(r.rest) == 0 || r.rest[0] == '\n' {
		if err := r.readLine(); err != nil {
			return err
		}
	}
	first, before := r.line, len(r.fields)
	for more := true; more; {
		r.fields = append(r.fields, field{line: r.line, column: r.column})
		var err error
		if len(r.rest) > 0 && r.rest[0] == '"' {
			more, err = r.quoted(first)
		} else {
			more, err = r.plain(first)
		}
		if err != nil {
			return err
		}
		r.fields[len(r.fields)-1].end = len(r.text)
	}
	n := len(r.fields) - before
	if r.width == 0 {
		r.width = n
	}
	if n != r.width {
		return &csv.ParseError{StartLine: first, Line: first, Column: 1, Err: csv.ErrFieldCount}
	}
	return nil
}

// plain parses a field without quotes, and reports whether another one follows.
func (r *rows) plain(first int) (more bool, err error) {
	n := bytes.IndexByte(r.rest, r.comma)
	if more = n >= 0; !more {
		n = len(bytes.TrimSuffix(r.rest, []byte("\n")))
	}
	if at := bytes.IndexByte(r.rest[:n], '"'); at >= 0 {
		return false, &csv.ParseError{StartLine: first, Line: r.line, Column: r.column + at, Err: csv.ErrBareQuote}
	}
	r.text = append(r.text, r.rest[:n]...)
	r.pass(min(n+1, len(r.rest)))
	return more, nil
}

// quoted parses a field in quotes, which may extend over several lines. Within
// it, two quotes mean one.
func (r *rows) quoted(first int) (more bool, err error) {
	r.pass(1)
	for {
		n := bytes.IndexByte(r.rest, '"')
		if n < 0 {
			r.text = append(r.text, r.rest...)
			r.pass(len(r.rest))
			end := csv.ParseError{StartLine: first, Line: r.line, Column: r.column, Err: csv.ErrQuote}
			if err := r.readLine(); err != nil && err != io.EOF {
				return false, err
			} else if len(r.rest) == 0 {
				return false, &end
			}
			continue
		}
		r.text = append(r.text, r.rest[:n]...)
		r.pass(n + 1)
		switch {
		case len(r.rest) == 0 || r.rest[0] == '\n':
			return false, nil
		case r.rest[0] == r.comma:
			r.pass(1)
			return true, nil
		case r.rest[0] != '"':
			return false, &csv.ParseError{StartLine: first, Line: r.line, Column: r.column - 1, Err: csv.ErrQuote}
		}
		r.text = append(r.text, '"')
		r.pass(1)
	}
}

func (r *rows) pass(n int) { r.rest, r.column = r.rest[n:], r.column+n }

// readLine reads a line including the \n at its end, if there is one. A \r
// before it is dropped.
func (r *rows) readLine() error {
	line, err := r.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.long = r.long[:0]
		for err == bufio.ErrBufferFull && len(r.long) <= maxLine {
			r.long = append(r.long, line...)
			line, err = r.in.ReadSlice('\n')
		}
		r.long = append(r.long, line...)
		line = r.long
	}
	if len(line) > maxLine {
		return fmt.Errorf("a line of more than %d bytes", maxLine)
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return err
	}
	r.line++
	r.rest, r.column = line, 1
	switch n := len(line); {
	case err == io.EOF && line[n-1] == '\r':
		r.rest = line[:n-1]
	case n > 1 && line[n-2] == '\r' && line[n-1] == '\n':
		line[n-2] = '\n'
		r.rest = line[:n-1]
	}
	return nil
}
