package carray

import (
	"fmt"
	"slices"
	"strings"
)

// headers are those of the C standard library: a file of such a name would be
// included in its place.
var headers = strings.Fields(`assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp
	signal stdarg stdbool stddef stdint stdio stdlib string tgmath time wchar wctype`)

// Identifier turns a name into one for files, functions and macros: letters,
// digits and underscores, beginning with a letter, and not the name of a C
// header.
//
//	cnn                 cnn
//	mobilenet-v1-0.25   mobilenet_v1_0_25
//	2 layers            model_2_layers
//	string              string_model
func Identifier(name string) string {
	id := word(name)
	switch {
	case id == "":
		return "model"
	case id[0] >= '0' && id[0] <= '9':
		return "model_" + id
	case slices.Contains(headers, strings.ToLower(id)):
		return id + "_model"
	}
	return id
}

// word joins the runs of letters and digits in a name with underscores.
func word(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
	return strings.Join(parts, "_")
}

// names gives layers unique C names. Each is used with a suffix, such as
// conv1_weights, so that none is a keyword.
type names map[string]bool

func (n names) add(layer string) string {
	id := word(layer)
	if id == "" || id[0] >= '0' && id[0] <= '9' {
		id = strings.TrimSuffix("layer_"+id, "_")
	}
	unique := id
	for i := 2; n[unique]; i++ {
		unique = fmt.Sprintf("%s_%d", id, i)
	}
	n[unique] = true
	return unique
}

// comment makes text safe within a C comment, on one line.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r == '*': // "*/" would end the comment
			return '.'
		}
		return r
	}, text)
}

// quote is a C string. Bytes that are not ASCII letters, and question marks, of
// which two begin a trigraph, are in octal.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~' || c == '?':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
