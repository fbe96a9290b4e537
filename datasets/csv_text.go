package datasets

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// plainText reads a table's text as UTF-8 whose lines end with \n or \r\n.
func plainText(in io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReaderSize(in, 1<<16)
	head, _ := text.Peek(1 << 12)
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, errors.New("a spreadsheet or archive: save it as CSV")
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		return nil, errors.New("the text is UTF-32, want UTF-8 or UTF-16")
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		text.Discard(2)
		text = bufio.NewReaderSize(&wideText{in: text, order: binary.LittleEndian}, 1<<16)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		text.Discard(2)
		text = bufio.NewReaderSize(&wideText{in: text, order: binary.BigEndian}, 1<<16)
	case bytes.HasPrefix(head, []byte("\ufeff")):
		text.Discard(3) // spreadsheets mark UTF-8 so
	case bytes.IndexByte(head, 0) >= 0:
		return nil, errors.New("zero bytes in the text: want UTF-8, or UTF-16 with a byte order mark")
	}
	if head, _ = text.Peek(1 << 16); bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 {
		text = bufio.NewReaderSize(returns{text}, 1<<16)
	}
	return text, nil
}

// returns turns each \r into \n.
type returns struct{ in io.Reader }

func (r returns) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// wideText turns UTF-16 into UTF-8.
type wideText struct {
	in    *bufio.Reader
	order binary.ByteOrder
	ready []byte
	err   error
}

func (w *wideText) Read(p []byte) (int, error) {
	if len(w.ready) == 0 {
		w.ready = w.ready[:0]
		for w.err == nil && len(w.ready) < 1<<12 {
			w.decode()
		}
	}
	if len(w.ready) == 0 {
		return 0, w.err
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

// decode appends the next character.
func (w *wideText) decode() {
	var two [2]byte
	if _, w.err = io.ReadFull(w.in, two[:]); w.err != nil {
		return
	}
	c := rune(w.order.Uint16(two[:]))
	if utf16.IsSurrogate(c) {
		if _, w.err = io.ReadFull(w.in, two[:]); w.err != nil {
			return
		}
		c = utf16.DecodeRune(c, rune(w.order.Uint16(two[:])))
	}
	w.ready = utf8.AppendRune(w.ready, c)
}

// separated reads a first line such as sep=; which spreadsheets write and take for the separator,
// and otherwise chooses one; lines is how many it has read.
func separated(text *bufio.Reader) (comma byte, lines int, err error) {
	head, _ := text.Peek(1 << 6)
	line, _, ended := bytes.Cut(head, []byte("\n"))
	named, found := bytes.CutPrefix(bytes.ToLower(bytes.Trim(line, "\"\r")), []byte("sep="))
	if !ended || !found || len(named) != 1 {
		return separator(text), 0, nil
	}
	if bytes.IndexByte([]byte(",;\t"), named[0]) < 0 {
		return 0, 0, fmt.Errorf("line 1: separator %q, want a comma, a semicolon or a tab", named)
	}
	text.Discard(len(line) + 1)
	return named[0], 1, nil
}

// separator chooses the separator by the first line: the most frequent of
// comma, semicolon and tab outside quotes. Commas between digits are decimal
// commas if there are others.
func separator(text *bufio.Reader) byte {
	start, _ := text.Peek(1 << 12)
	digit := func(i int) bool { return i >= 0 && i < len(start) && start[i] >= '0' && start[i] <= '9' }
	var count [256]int
	decimal, quoted := true, false
	for i, c := range start {
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if c == '\n' {
			break
		}
		count[c]++
		decimal = decimal && (c != ',' || digit(i-1) && digit(i+1))
	}
	best := byte(',')
	if decimal && count[';']+count['\t'] > 0 {
		count[','] = 0
	}
	for _, c := range []byte(";\t") {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}
