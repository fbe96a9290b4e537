package carray_test

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"petrify/quantized/carray"
)

// FuzzFacts: any text is read or refused; what is read was there.
func FuzzFacts(f *testing.F) {
	files, err := carray.Encode(tiny(), carray.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(files[0].Data)
	f.Add([]byte("/* a quantized neural network, written by petrify.\n *   \"a\": \"\\q\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if all, err := carray.Facts(text); err == nil && all == nil {
			t.Error("neither facts nor an error")
		}
	})
}

// FuzzFactsSurvive: every fact comes back from the header's comment, which it
// cannot end.
func FuzzFactsSurvive(f *testing.F) {
	f.Add("board", "a \"test\" */ int x; /*/")
	f.Add("\": \"", "\\\n *   \"export\": \"\"\n")
	f.Fuzz(func(t *testing.T, key, value string) {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return
		}
		files, err := carray.Encode(tiny(), carray.Options{Facts: map[string]string{key: value}})
		if err != nil {
			return // one of petrify's own keys
		}
		all, err := carray.Facts(files[0].Data)
		if got, ok := all[key]; err != nil || !ok || got != value {
			t.Errorf("fact %q: got %q, want %q; %v", key, got, value, err)
		}
		if n := len(regexp.MustCompile(`\*/|/\*`).FindAll(files[0].Data, -1)); n != 2*comments {
			t.Errorf("%d marks of comments, want %d", n, 2*comments)
		}
	})
}

// comments is how many a header of tiny has.
const comments = 7

// FuzzIdentifier: a name is a C identifier and its own.
func FuzzIdentifier(f *testing.F) {
	for _, name := range []string{"cnn", "2", "", "größer", "time", "_"} {
		f.Add(name)
	}
	identifier := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	f.Fuzz(func(t *testing.T, name string) {
		id := carray.Identifier(name)
		if !identifier.MatchString(id) || carray.Identifier(id) != id {
			t.Errorf("Identifier(%q) = %q", name, id)
		}
	})
}
