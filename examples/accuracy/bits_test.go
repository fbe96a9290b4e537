package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"petrify/internal/sweep"
	"petrify/train"
)

const root = "../.."

// docs/accuracy.md and its figures are those that the program writes.
func TestBitsPage(t *testing.T) {
	files, err := bitsFiles(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, "docs", name)); err != nil || string(got) != string(want) {
			t.Errorf("docs/%s is not what is written now: run `make accuracy-page`: %v", name, err)
		}
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "= " + strings.Join(append(networks, repairPlans...), " ") + "\n"; !regexp.MustCompile("(?m)^SWEEPS +" + want).Match(makefile) {
		t.Errorf("make runs other sweeps: want SWEEPS %s", want)
	}
}

const tinyPlan = `
axes:
  seed: 1..2
  bits: {W8A8: {}, W4A4: {calibration: 2}}
  method: {nearest: {}, LSQ: {batch: 8}}
exclude: [{bits: W8A8, method: LSQ}]
`

// ending is the line of a trial of tinyPlan.
func ending(t *testing.T, index int, accuracy float64, size int64) string {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	if err := os.WriteFile(file, []byte(tinyPlan), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := sweep.Create(file, filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(sweep.Ending{Config: s.ConfigID(index), Trial: s.Name(s.Trial(index)),
		Float: train.Metrics{Accuracy: 0.95 - 0.02*float64(index/3)}, QAT: train.Metrics{Accuracy: accuracy},
		Bytes: size, Processor: 3.1})
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}

// tiny is the section of a small plan and the endings of some of its trials.
func tiny(t *testing.T, lines ...string) *section {
	dir := t.TempDir()
	for name, text := range map[string]string{"n.yaml": tinyPlan, "n.jsonl": strings.Join(lines, "\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newSection(dir, "n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Cells of what has not run, of one seed, of two, and of what is not planned.
func TestBitsTables(t *testing.T) {
	none := tiny(t)
	if none.Finished != 0 || none.Trials != 6 || none.Float != "–" || none.Figure() != "" {
		t.Errorf("nothing has run: %+v", none)
	}
	for i, want := range [][]string{{"–", ""}, {"–", "–"}} {
		if row := none.Rows[i]; !slices.Equal(row.Accuracy, want) || !slices.Equal(row.Cost, want) ||
			row.Seeds != "0" || row.Size != "–" {
			t.Errorf("nothing has run: %+v", row)
		}
	}
	some := tiny(t, ending(t, 0, 0.9, 2048), ending(t, 1, 0.8, 1024), ending(t, 2, 0.85, 1024),
		ending(t, 4, 0.84, 1024))
	if some.Finished != 4 || some.Float != "94.00 ± 12.71" {
		t.Errorf("%d trials, float %s", some.Finished, some.Float)
	}
	for i, want := range []bitsRow{
		{Bits: "W8A8", Size: "2.0", Seeds: "1", Accuracy: []string{"90.00", ""}, Cost: []string{"3", ""}},
		{Bits: "W4A4", Size: "1.0", Seeds: "1–2", Accuracy: []string{"82.00 ± 25.41", "85.00"},
			Cost: []string{"3", "3"}},
	} {
		row := some.Rows[i]
		if row.Bits != want.Bits || row.Size != want.Size || row.Seeds != want.Seeds ||
			!slices.Equal(row.Accuracy, want.Accuracy) || !slices.Equal(row.Cost, want.Cost) {
			t.Errorf("%+v, want %+v", row, want)
		}
	}
	if l := some.chart.Lines; len(l) != 1 || l[0].Name != "nearest" || !slices.Equal(l[0].X, []float64{1, 2}) {
		t.Errorf("the figure has the lines %+v", l)
	}
}
