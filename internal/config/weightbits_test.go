package config

import (
	"fmt"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// Words and numbers of bits are formats with methods of their own, which learn if the
// algorithm does, and print as what reads back.
func TestWeightBits(t *testing.T) {
	for _, tt := range []struct {
		text, algorithm string
		format          affine.Format
		method          fakequant.Method
		printed         string
	}{
		{"binary", "vanilla", affine.Binary, fakequant.Binary, "binary"},
		{"1", "vanilla", affine.Binary, fakequant.Binary, "binary"},
		{"1", "learnable", affine.Binary, fakequant.LearnedBinary, "binary"},
		{"ternary", "vanilla", affine.Ternary, fakequant.Ternary, "ternary"},
		{"ternary", "learnable", affine.Ternary, fakequant.LearnedTernary, "ternary"},
		{"2", "vanilla", affine.Ternary, fakequant.STE, "2"},
		{"2", "learnable", affine.Ternary, fakequant.LSQ, "2"},
		{"ternary, weight_method: lsq", "vanilla", affine.Ternary, fakequant.LSQ, "ternary"},
		{"2, weight_method: ternary", "vanilla", affine.Ternary, fakequant.Ternary, "2"},
		{"2, weight_method: binary", "vanilla", affine.Binary, fakequant.Binary, "2"}, // of older files
	} {
		document := fmt.Appendf(nil, "quantization: {global_config: {algorithm: %s, weight_bits: %s}}", tt.algorithm,
			tt.text)
		c, err := Parse("f", document)
		if err != nil {
			t.Errorf("%s: %v", document, err)
			continue
		}
		q, faults := c.quantization()
		if w := q.Default.Weights; faults != nil || w.Format != tt.format || w.Method != tt.method {
			t.Errorf("%s: %v, %v, %v", document, w.Format, w.Method, faults)
		}
		var out strings.Builder
		want := "weight_bits: " + tt.printed + "\n"
		if err := c.Print(&out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: no %q is printed, %v", document, want, err)
		}
	}
}

// What two and three values cannot be is refused, with what they want.
func TestWeightBitsRefused(t *testing.T) {
	for keys, want := range map[string]string{
		"weight_bits: 0": `weight_bits: want a whole number from 1 to 8, binary or ` +
			`ternary, got "0"`,
		"weight_bits: 1.58":                           `binary or ternary, got "1.58"`,
		"weight_bits: unary":                          `binary or ternary, got "unary"`,
		"weight_bits: -2":                             `binary or ternary, got "-2"`,
		"weight_bits: binary, weight_method: lsq":     "method lsq on binary: want more values, or method binary",
		"weight_bits: ternary, weight_scheme: affine": "want format int2_narrow and scheme symmetric",
		"weight_bits: ternary, weight_method: dorefa": "weight_method dorefa has other values than the three of weight_bits: " +
			"ternary: want a number of bits, or one of the methods [ste ste_pass_through lsq pact ternary learned_ternary stochastic]",
		"weight_bits: ternary, weight_method: binary": "weight_method binary has other values",
		"weight_bits: binary, weight_method: dorefa":  "method dorefa on binary: want more values, or method binary",
		"weight_bits: 1, weight_method: dorefa":       "method dorefa on binary: want more values, or method binary",
		"weight_bits: binary, dialect: torch":         "dialect torch has no effect on method binary",
	} {
		c, err := Parse("f", []byte("quantization: {global_config: {"+keys+"}}"))
		if err == nil {
			if _, faults := c.quantization(); faults != nil {
				err = faults
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
}
