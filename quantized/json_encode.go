package quantized

import (
	"bytes"
	"encoding/json"
	"strings"
)

// encodeJSON writes v with two spaces of indentation, an array of numbers or
// strings on one line.
func encodeJSON(v any) ([]byte, error) {
	var compact bytes.Buffer
	e := json.NewEncoder(&compact)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return append(indentJSON(bytes.TrimSpace(compact.Bytes())), '\n'), nil
}

// indentJSON formats a text that has no spaces.
func indentJSON(text []byte) []byte {
	var out []byte
	depth := 0
	newline := func(step int) {
		depth += step
		out = append(out, "\n"+strings.Repeat("  ", depth)...)
	}
	for len(text) > 0 {
		if n := atom(text); n > 0 {
			out = appendAtom(out, text[:n])
			text = text[n:]
			continue
		}
		c := text[0]
		text = text[1:]
		switch c {
		case '{', '[':
			out = append(out, c)
			newline(+1)
		case '}', ']':
			newline(-1)
			out = append(out, c)
		case ',':
			out = append(out, c)
			newline(0)
		case ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// atom is the length of the element at the beginning of text if it goes on one
// line: a string, an empty object, or an array without objects and arrays in
// it; otherwise 0.
func atom(text []byte) int {
	switch {
	case text[0] == '"':
		return quoted(text)
	case bytes.HasPrefix(text, []byte("{}")):
		return 2
	case text[0] != '[':
		return 0
	}
	for i := 1; ; i++ {
		switch text[i] {
		case '"':
			i += quoted(text[i:]) - 1
		case '[', '{':
			return 0
		case ']':
			return i + 1
		}
	}
}

// quoted is the length of the string that text begins with.
func quoted(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// appendAtom appends an atom with spaces after the commas of an array.
func appendAtom(out, text []byte) []byte {
	for len(text) > 0 {
		n := 1
		if text[0] == '"' {
			n = quoted(text)
		}
		out = append(out, text[:n]...)
		if text[0] == ',' {
			out = append(out, ' ')
		}
		text = text[n:]
	}
	return out
}
