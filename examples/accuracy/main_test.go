package main

import (
	"context"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"petrify/datasets"
)

// TestStudy measures three of the rows on the built-in digits.
func TestStudy(t *testing.T) {
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := rows()
	s := study{data: data, rows: []row{all[0], all[3], all[6]}, float: 3, qat: 5, batch: 32, keep: t.TempDir()}
	first, err := s.table(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	float, int8, learned, minmax := first.float[0], first.qat[0][0], first.qat[1][0], first.qat[2][0]
	if float < 0.95 || math.Abs(int8-float) > 0.01 {
		t.Errorf("float %v, W8A8 %v: want more than 0.95, and a difference of 0.01 at most", float, int8)
	}
	if ptq := first.ptq[1][0]; learned < 0.9 || learned <= ptq || learned <= minmax {
		t.Errorf("2 bits: %v with learned scales, from %v before training, %v with min-max: want the first above "+
			"0.9 and the greatest", learned, ptq, minmax)
	}

	before := written(t, s.keep)
	again, err := s.table(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, first) {
		t.Errorf("read again: %v, want %v", again, first)
	}
	for file, at := range written(t, s.keep) {
		if strings.HasPrefix(filepath.Base(file), "checkpoint") && !before[file].Equal(at) {
			t.Errorf("%s was written again: a finished run was repeated", file)
		}
	}
}

// written is when each file in a folder was written.
func written(t *testing.T, dir string) map[string]time.Time {
	files := map[string]time.Time{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			files[path] = info.ModTime()
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s: %v", len(files), dir, err)
	}
	return files
}

// TestDocument compares what docs/accuracy.md says with what the command
// writes, figures apart.
func TestDocument(t *testing.T) {
	file, err := os.ReadFile("../../docs/accuracy.md")
	if err != nil {
		t.Fatal(err)
	}
	table, err := newTable(rows())
	if err != nil {
		t.Fatal(err)
	}
	table.float = make([]float64, 3)
	for i := range table.rows {
		table.ptq[i], table.qat[i] = table.float, table.float
	}
	got, want := prose(string(file)), prose(table.markdown())
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d is not what the command writes now:\n%q\nwant\n%q", i+1, at(got, i), at(want, i))
		}
	}
}

// prose is the text line by line, with only those parts of a table row that are
// not measured here: its name, its quantizer and PyTorch's figures.
func prose(text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		switch cells := strings.Split(l, "|"); {
		case strings.HasPrefix(l, "| W"):
			lines[i] = strings.Join([]string{cells[1], cells[2], cells[7]}, "|")
		case strings.HasPrefix(l, "Made on"):
			lines[i] = "Made on"
		}
	}
	return lines
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func TestCells(t *testing.T) {
	for _, test := range []struct {
		name         string
		x            []float64
		spread, each string
	}{
		{"one seed", []float64{0.5}, "50.00 ± 0.00", "50.00"},
		{"the spread is half of the range", []float64{0.5, 0.25, 0.75}, "50.00 ± 25.00", "50.00, 25.00, 75.00"},
		{"the mean is not the middle", []float64{0, 0, 0.9}, "30.00 ± 45.00", "0.00, 0.00, 90.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := spread(test.x); got != test.spread {
				t.Errorf("spread %q, want %q", got, test.spread)
			}
			if got := each(test.x); got != test.each {
				t.Errorf("each %q, want %q", got, test.each)
			}
		})
	}
	if got := each(nil); got != "–" {
		t.Errorf("each of nothing is %q, want –", got)
	}
}

func TestPeers(t *testing.T) {
	got, err := peers("row,seed,accuracy\na,1,0.5\n\"b, c\",1,0.25\na,2,0.75\n")
	want := map[string][]float64{"a": {0.5, 0.75}, "b, c": {0.25}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("peers = %v, %v; want %v", got, err, want)
	}
	for _, text := range []string{"row,seed,accuracy\na,1,half\n", "row,seed,accuracy\na,1\n"} {
		if _, err := peers(text); err == nil {
			t.Errorf("peers of %q: want an error", text)
		}
	}
	table, err := newTable(rows())
	if err != nil {
		t.Fatal(err)
	}
	for name := range table.torch {
		if !named(table.rows, name) {
			t.Errorf("torch.csv has a row %q that the table does not have", name)
		}
	}
}

func named(rows []row, name string) bool {
	for _, r := range rows {
		if r.name == name {
			return true
		}
	}
	return false
}
