package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/quantized"
	"petrify/quantized/integer"
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
func summaryOf(t *testing.T, folder string) train.Summary {
	t.Helper()
	summary, err := readSummary(filepath.Join(folder, summaryFile))
	if err != nil {
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
	var pixels []byte
	for i := range n {
		row := i
		if set.Test.Rows != nil {
			row = int(set.Test.Rows[i])
		}
		pixels = append(pixels, set.Test.Images[row*64:][:64]...)
	}
	path = filepath.Join(t.TempDir(), "digits.npy")
	file := npyOf("|u1", fmt.Sprintf("(%d, 8, 8)", n), pixels)
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

// npyOf is an array in NumPy's format.
func npyOf(descr, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	file := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	return append(append(file, header...), data...)
}

// A network for signals is fed with the archive that it was trained on, or with
// the array in it, as training read it; its outputs are those of the engine on
// the normalised signals, channels last.
func TestPredictSignals(t *testing.T) {
	const n, length, channels = 40, 12, 3
	r := rand.New(rand.NewPCG(1, 1))
	var x, y []byte
	var raw []float32
	for i := range n {
		y = append(y, byte(3+4*(i%2)))
		for k := range length * channels {
			v := float32(r.NormFloat64()) + float32(i%2*(k%channels))
			raw, x = append(raw, v), binary.LittleEndian.AppendUint32(x, math.Float32bits(v))
		}
	}
	dir := t.TempDir()
	alone, archive, folder := filepath.Join(dir, "x.npy"), filepath.Join(dir, "s.npz"), filepath.Join(dir, "run")
	array := npyOf("<f4", fmt.Sprintf("(%d, %d, %d)", n, length, channels), x)
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for name, content := range map[string][]byte{"x": array, "y": npyOf("|u1", fmt.Sprintf("(%d,)", n), y)} {
		f, err := w.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
	}
	if err := errors.Join(w.Close(), os.WriteFile(archive, file.Bytes(), 0o666),
		os.WriteFile(alone, array, 0o666)); err != nil {
		t.Fatal(err)
	}
	petrify(t, "train", "--out", folder, "--set", "dataset="+archive, "--set", "data.layout=signal", "--set", "batch=8",
		"--set", "float.epochs=3", "--set", "qat.epochs=1",
		"--set", "network=[conv1d: {filters: 4, kernel: 3}, relu, flatten, linear: {features: 2}]")
	m, err := quantized.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] = (raw[i] - m.Input.Mean[i%channels]) / m.Input.Std[i%channels]
	}
	want := make([]float32, 2*n)
	if err := engine.Run(want, raw, n); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{alone, archive} {
		for i, p := range predicted(t, folder, path, "--float=false") {
			y, name := want[2*i:2*i+2], fmt.Sprintf("%s[%d]", path, i)
			if !slices.Equal(p.Outputs, y) || p.Class != []string{"3", "7"}[best(y)] || p.Input != name {
				t.Fatalf("%+v, want %s, %v", p, name, y)
			}
		}
	}
	text := petrify(t, "evaluate", folder, "--split", "all")
	if !strings.HasPrefix(text, "custom on s: 40 samples, all") {
		t.Error(text)
	}
}
