package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"petrify/train"
)

// A stranger's table needs no key: Fisher's iris with semicolons, decimal commas,
// the label between the features, and the index of a data frame.
func TestStrangersTableTrains(t *testing.T) {
	text, err := os.ReadFile("../../datasets/testdata/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		index, f := "", strings.Split(line, ",")
		if i > 0 {
			index = strconv.Itoa(i - 1)
		}
		row := strings.Join([]string{index, f[2], f[0], f[4], f[3], f[1]}, ";")
		table.WriteString(strings.ReplaceAll(row, ".", ",") + "\n")
	}
	dir := t.TempDir()
	data, out := filepath.Join(dir, "iris.csv"), filepath.Join(dir, "run")
	if err := os.WriteFile(data, []byte(table.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	args := []string{"train", "--set", "dataset=" + data, "--set", "network=mlp", "--set", "float.epochs=200",
		"--out", out}
	if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &said); code != exitOK {
		t.Fatalf("exit code %d: %s", code, said.String())
	}
	for _, part := range []string{`  label       column 4, "species": its title says so`,
		"  classes     3 with 40 + 10 samples each: setosa, versicolor, virginica",
		"  left out    column 1 (an index without a title)"} {
		if !strings.Contains(said.String(), part) {
			t.Errorf("%s\ndoes not say %q", said.String(), part)
		}
	}
	text, err = os.ReadFile(filepath.Join(out, summaryFile))
	if err != nil {
		t.Fatal(err)
	}
	var summary train.Summary
	if err := json.Unmarshal(text, &summary); err != nil || summary.QAT.Accuracy < 0.9 ||
		summary.Data.Values.Greatest < 7.6 {
		t.Errorf("%s\naccuracy %v, values %v, %v", said.String(), summary.QAT.Accuracy, summary.Data.Values, err)
	}
}
