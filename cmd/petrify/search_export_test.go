package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a search counts for its choice, as PTQ quantizes it, is what the exports of the run that
// its configuration trains take: files are at most a few bytes shorter, since they name a proof
// on fewer images.
func TestSearchCountsWhatExportWrites(t *testing.T) {
	folder := t.TempDir()
	run, shipped := filepath.Join(folder, "run"), filepath.Join(folder, "shipped")
	finished(t, "train", "--out", run, "--set", "network=mlp", "--set", "float.epochs=1", "--set", "qat.epochs=0")
	exports := map[string][]string{"onnx": nil, "coreml": nil, "tflite": nil, "tflite-int4": {"--int4"}, "flash": nil,
		"flash-unpacked": {"--no-pack"}}
	args := []string{"search", run, "--budget", "packed=7k"}
	for name := range exports {
		args = append(args, "--budget", name+"=1M")
	}
	finished(t, args...)
	var r found
	readJSON(t, filepath.Join(run, searchFile), &r)
	finished(t, "train", "--config", filepath.Join(run, chosenFile), "--set", "qat.epochs=0", "--out", shipped)
	for name, flags := range exports {
		format, _, _ := strings.Cut(name, "-")
		counted := r.Repaired.Costs[slices.Index(r.Respects, name)]
		to, spare := filepath.Join(folder, name, "export"), int64(32)
		if err := os.Mkdir(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if format == "flash" {
			format, to, spare = "c", filepath.Join(folder, name, "net.h"), 0
			flags = append(flags, "--json")
		}
		if format == "coreml" {
			to += ".mlpackage"
		}
		text := petrify(t, append([]string{"export", shipped, "--format", format, "--out", to}, flags...)...)
		real := sizeBelow(t, filepath.Dir(to))
		if format == "c" {
			var takes struct {
				Flash int64 `json:"constants"`
			}
			if err := json.Unmarshal([]byte(text), &takes); err != nil {
				t.Fatal(err)
			}
			real = takes.Flash
		}
		if counted < real || counted > real+spare {
			t.Errorf("%s: %d bytes are counted, and the export has %d", name, counted, real)
		}
	}
}

// sizeBelow adds up the files below a folder.
func sizeBelow(t *testing.T, folder string) (sum int64) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
