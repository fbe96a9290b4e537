package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/train"
)

// digitsRun is the folder of a short run.
func digitsRun(t *testing.T) (folder string, summary train.Summary) {
	t.Helper()
	folder = t.TempDir()
	petrify(t, "train", "--out", folder, "--set", "network=mlp", "--set", "float.epochs=2", "--set", "qat.epochs=1")
	return folder, summaryOf(t, folder)
}

// summaryOf is what a run's summary.json says.
func summaryOf(t *testing.T, folder string) (summary train.Summary) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, summaryFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		t.Fatal(err)
	}
	return summary
}

// petrify runs a command that must succeed and returns its standard output.
func petrify(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	if code := run(context.Background(), args, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("petrify %s: exit code %d:\n%s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.String()
}

// digitsArray writes the test split as an array of bytes.
func digitsArray(t *testing.T) (path string, labels []int32) {
	t.Helper()
	set, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := set.Test.Len()
	header := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 8, 8), }\n", n)
	file := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	file = append(file, header...)
	for i := range n {
		row := i
		if set.Test.Rows != nil {
			row = int(set.Test.Rows[i])
		}
		file = append(file, set.Test.Images[row*64:][:64]...)
	}
	path = filepath.Join(t.TempDir(), "digits.npy")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	return path, set.Test.Labels
}

// Predictions for the test split are as accurate as summary.json says, in
// integers and in float, and each probability is the softmax of the raw outputs.
func TestPredictIsAsAccurateAsTheRun(t *testing.T) {
	folder, summary := digitsRun(t)
	array, labels := digitsArray(t)
	for _, c := range []struct {
		flag string
		want float64
	}{{"--float=false", summary.QAT.Accuracy}, {"--float", summary.Float.Accuracy}} {
		t.Run(c.flag, func(t *testing.T) {
			raw := filepath.Join(t.TempDir(), "raw.npy")
			lines := strings.Split(strings.TrimSpace(
				petrify(t, "predict", folder, array, c.flag, "--json", "--out", raw)), "\n")
			if len(lines) != len(labels) {
				t.Fatalf("%d lines for %d inputs", len(lines), len(labels))
			}
			file, err := os.ReadFile(raw)
			if err != nil {
				t.Fatal(err)
			}
			at := 10 + int(binary.LittleEndian.Uint16(file[8:]))
			if at%64 != 0 || !bytes.Contains(file[:at], fmt.Appendf(nil, "'shape': (%d, 10, )", len(labels))) {
				t.Errorf("header %q", file[:at])
			}
			y := floats(file[at:])
			if len(y) != 10*len(labels) {
				t.Fatalf("%d raw outputs", len(y))
			}
			right := 0
			for i, line := range lines {
				var p prediction
				if err := json.Unmarshal([]byte(line), &p); err != nil {
					t.Fatal(err)
				}
				if p.Class == fmt.Sprint(labels[i]) {
					right++
				}
				var at, sum float64
				for k, v := range y[10*i:][:10] {
					if v != p.Outputs[k] {
						t.Fatalf("input %d: raw output %d is %v, printed %v", i, k, v, p.Outputs[k])
					}
					sum += math.Exp(float64(v))
					if fmt.Sprint(k) == p.Class {
						at = math.Exp(float64(v))
					}
				}
				if math.Abs(p.Probability-at/sum) > 1e-9 {
					t.Errorf("input %d: probability %v, want %v", i, p.Probability, at/sum)
				}
			}
			if got := float64(right) / float64(len(labels)); got != c.want {
				t.Errorf("accuracy %v, summary.json says %v", got, c.want)
			}
		})
	}
}
