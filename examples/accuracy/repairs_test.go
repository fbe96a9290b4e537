package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The table of repairs has a column for each network and choice of bits, in the order of the
// plans, and a row for each method, whatever has run of which plan.
func TestRepairsTable(t *testing.T) {
	dir := t.TempDir()
	for i, name := range repairPlans {
		files := map[string]string{name + ".yaml": tinyPlan}
		if i == 1 {
			files[name+".jsonl"] = ending(t, 0, 0.9, 2048) + "\n" + ending(t, 2, 0.85, 1024)
		}
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := newRepairs(dir)
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"cnn W8A8", "cnn W4A4", "resnet8 W8A8", "resnet8 W4A4", "ds-cnn W8A8", "ds-cnn W4A4"}
	if !slices.Equal(r.Columns, columns) || r.Plan != tinyPlan || r.File != repairPlans[0] {
		t.Errorf("columns %q, %s: %s", r.Columns, r.File, r.Plan)
	}
	for what, rows := range map[string][2][][]string{
		"accuracy": {r.Accuracy, {
			{"seeds", "0", "0", "1", "0–1", "0", "0"},
			{"float", "–", "–", "95.00", "95.00", "–", "–"},
			{"nearest", "–", "–", "90.00", "–", "–", "–"},
			{"LSQ", "", "–", "", "85.00", "", "–"},
		}},
		"cost": {r.Cost, {
			{"nearest", "–", "–", "3", "–", "–", "–"},
			{"LSQ", "", "–", "", "3", "", "–"},
		}},
	} {
		if !slices.EqualFunc(rows[0], rows[1], slices.Equal) {
			t.Errorf("%s: %q, want %q", what, rows[0], rows[1])
		}
	}
	if err := os.Remove(filepath.Join(dir, repairPlans[2]+".yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := newRepairs(dir); err == nil {
		t.Error("no error, though a plan is missing")
	}
}
