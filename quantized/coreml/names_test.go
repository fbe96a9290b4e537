package coreml_test

import (
	"testing"

	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ meaning, name, encoded string }{
		{"plain", "conv1", "conv1"},
		{"underscores", "_a__b_", "_a__b_"},
		{"dots and slashes", "block.1/add", "block_x2E_1_x2F_add"},
		{"digit first", "1st", "_x31_st"},
		{"digit elsewhere", "a1", "a1"},
		{"a word of the grammar", "int8", "_x69_nt8"},
		{"starts as a word of the grammar", "int8a", "int8a"},
		{"looks like an escape", "_x2E_", "_x5F_x2E_"},
		{"escape after escape", "._x", "_x2E__x5F_x"},
		{"UTF-8", "é", "_xC3__xA9_"},
		{"space", "a b", "a_x20_b"},
	} {
		if got := coreml.EncodeName(c.name); got != c.encoded {
			t.Errorf("%s: EncodeName(%q) = %q: want %q", c.meaning, c.name, got, c.encoded)
		}
		if got, err := coreml.DecodeName(c.encoded); got != c.name || err != nil {
			t.Errorf("%s: DecodeName(%q) = %q, %v: want %q", c.meaning, c.encoded, got, err, c.name)
		}
	}
}

func TestNamesThatWereNotEncoded(t *testing.T) {
	for _, text := range []string{"", "a.b", "_x", "_x2", "_x2E", "_xGG_", "_x61_", "_x2e_", "int8", "1st"} {
		if name, err := coreml.DecodeName(text); err == nil {
			t.Errorf("DecodeName(%q) = %q: want an error", text, name)
		}
	}
}

// FuzzNames: every name has a valid encoding that decodes to itself, so no two
// names share one.
func FuzzNames(f *testing.F) {
	f.Add("conv1")
	f.Add("_x2E__x")
	f.Add("int8")
	f.Fuzz(func(t *testing.T, name string) {
		encoded := coreml.EncodeName(name)
		if name == "" {
			return // no layer has it
		}
		if !mil.ValidName(encoded) {
			t.Fatalf("EncodeName(%q) = %q is not a valid name", name, encoded)
		}
		if back, err := coreml.DecodeName(encoded); back != name || err != nil {
			t.Fatalf("DecodeName(%q) = %q, %v: want %q", encoded, back, err, name)
		}
	})
}
