package main

import (
	"io"
	"log"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
)

// TestQuick measures some cells on the built-in digits.
func TestQuick(t *testing.T) {
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := newQuick(data)
	b.networks, b.only, b.keep = []string{"mlp", "nobn"}, regexp.MustCompile("mlp W4A4|nobn W8A8 QAT"), t.TempDir()
	b.float, b.images = 10, 640
	f, err := b.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f["mlp float"] < 80 || f["mlp W4A4 PTQ"] < 70 || f["mlp W4A4 QAT"] < 70 || f["nobn W8A8 QAT"] < 80 {
		t.Errorf("%v: want networks that have learned", f)
	}
	want := []string{"mlp W4A4 PTQ", "mlp W4A4 QAT", "mlp W4A4 gap", "mlp W4A4 vanilla",
		"mlp float",
		"nobn W8A8 QAT", "nobn W8A8 gap", "nobn float"}
	for _, name := range want {
		if _, ok := f[name]; !ok || len(f) != len(want) {
			t.Fatalf("%d figures: %v; want %v", len(f), f, want)
		}
	}
	if f["mlp W4A4 gap"] != 0 || f["nobn W8A8 gap"] != 0 {
		t.Errorf("%v: what was trained is not what ships", f)
	}
	again, err := b.measure(t.Context())
	if err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("from the kept float networks: %v, %v; want %v", again, err, f)
	}
}

func TestFallen(t *testing.T) {
	before := figures{"mlp float": 90, "mlp W8A8 QAT": 90, "mlp W2A2 QAT": 80}
	for _, test := range []struct {
		name string
		now  figures
		want string // the cells
	}{
		{"the same", before, ""},
		{"one cell", figures{"mlp float": 90, "mlp W8A8 QAT": 89.5, "mlp W2A2 QAT": 80}, "mlp W8A8 QAT"},
		{"within the tolerance of 2 bits", figures{"mlp float": 90, "mlp W2A2 QAT": 78}, ""},
		{"beyond it", figures{"mlp float": 90, "mlp W2A2 QAT": 77.9}, "mlp W2A2 QAT"},
		{"with the float network", figures{"mlp float": 85, "mlp W8A8 QAT": 85}, ""},
		{"a better float network does not help", figures{"mlp float": 95, "mlp W8A8 QAT": 90}, "mlp W8A8 QAT"},
		{"a new cell", figures{"mlp float": 90, "mlp W3A3 QAT": 10}, ""},
		{"a gap", figures{"mlp float": 90, "mlp W2A2 gap": -0.01}, "mlp W2A2 gap"},
		{"no gap", figures{"mlp float": 90, "mlp W2A2 gap": 0}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, line := range fallen(test.now, before) {
				got = append(got, line[:strings.Index(line, ":")])
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestFigures(t *testing.T) {
	f := figures{"mlp float": 90, "mlp W2A2 gap": -0.01}
	if got, err := parseFigures(f.String()); err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("%v, %v: want %v", got, err, f)
	}
	for _, text := range []string{"cell,per cent\nmlp,half\n", "cell,per cent\nmlp\n"} {
		if _, err := parseFigures(text); err == nil {
			t.Errorf("figures of %q: want an error", text)
		}
	}
}

// TestFewBitsPage holds docs/few-bits.md to the reference, and the figures'
// names to the cells.
func TestFewBitsPage(t *testing.T) {
	b := newQuick(nil)
	known := []string{}
	for _, network := range b.networks {
		for _, bits := range b.bits {
			for _, column := range []string{columnFloat, columnPTQ, columnQAT, columnSTE, columnGap} {
				known = append(known, cell(network, bits, column))
			}
		}
	}
	reference, err := os.ReadFile("reference.csv")
	if err != nil {
		t.Fatal(err)
	}
	var all [2]figures
	for i, text := range []string{string(reference), peer} {
		f, err := parseFigures(text)
		if err != nil {
			t.Fatal(err)
		}
		for name := range f {
			if !slices.Contains(known, name) {
				t.Errorf("a figure of %q: no cell has that name", name)
			}
		}
		all[i] = f
	}
	page, err := os.ReadFile("../../docs/few-bits.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := b.page(all[0], all[1]); string(page) != want {
		t.Errorf("docs/few-bits.md is not what -update would write:\n%s\nwant\n%s", page, want)
	}
}
