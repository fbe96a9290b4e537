package coreml_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/graph"
	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

var update = flag.Bool("update", false, "rewrite the size tables in docs/coreml.md")

const document = "../../docs/coreml.md"

// TestSizes: the accounted bytes are the files' bytes.
func TestSizes(t *testing.T) {
	for _, v := range []variant{w8, w8affine, w4a8, w4block, ternary, binary} {
		m, o := quantize(zoo("resnet8", true, 1), v), coreml.Options{}
		if v.weights.Bits <= 2 {
			o.WeightsEncoding = coreml.Palette
		}
		dir := filepath.Join(t.TempDir(), "m.mlpackage")
		if err := coreml.Write(dir, m, o); err != nil {
			t.Fatal(err)
		}
		p, err := mil.ReadPackage(dir)
		if err != nil {
			t.Fatal(err)
		}
		sizes, err := p.Sizes()
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, file := range content(t, dir) {
			total += len(file)
		}
		if sizes.Total() != total {
			t.Errorf("%s: %d bytes accounted, %d in files", v.name, sizes.Total(), total)
		}
	}
}

// TestSizesInDocument measures the built-in networks and compares with the
// tables in docs/coreml.md; -update writes them there.
func TestSizesInDocument(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for name, table := range sizeTables(t) {
		begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
		head, rest, ok := strings.Cut(got, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no marks for the table %s", document, name)
		}
		got = head + begin + table + end + tail
	}
	switch {
	case got == string(text):
	case *update:
		if err := os.WriteFile(document, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the size tables in %s are not what is measured: run with -update", document)
	}
}

// sizeTables measures every network as float16, W8, W8A8 and W4.
func sizeTables(t *testing.T) map[string]string {
	ratios := "| network | weights | float16 | W8 | W8A8 | W4, block 32 |\n| --- | ---: | ---: | ---: | ---: | ---: |\n"
	parts := "| network | int8 weights | scales, biases | headers, padding | program | manifest | W8 package |\n| " +
		"--- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
	for _, z := range builtin {
		network, err := graph.Builtin(z.name, z.classes)
		if err != nil {
			t.Fatal(err)
		}
		m := trained(t, network, z.in, graph.Quantization{})
		weights := 0
		for i := range m.Nodes {
			if w := m.Nodes[i].Weights; w != nil {
				weights += len(w.Float)
			}
		}
		measure := func(v *variant) mil.Sizes {
			q := m
			if v != nil {
				q = quantize(m, *v)
			}
			p, err := coreml.Translate(q, coreml.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		half, w8, w8a8, w4 := measure(nil), measure(&w8), measure(&w8a8), measure(&w4block)
		cell := func(s mil.Sizes) string {
			return fmt.Sprintf("%d (%.2f×)", s.Total(), float64(half.Total())/float64(s.Total()))
		}
		ratios += fmt.Sprintf("| %s | %d | %d | %s | %s | %s |\n", z.name, weights, half.Total(), cell(w8),
			cell(w8a8), cell(w4))
		parts += fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d |\n", z.name, w8.Data[mil.Int8], w8.Data[mil.Float16],
			w8.Headers+w8.Padding, w8.Program, w8.Manifest, w8.Total())
	}
	return map[string]string{"sizes": ratios, "parts": parts}
}
