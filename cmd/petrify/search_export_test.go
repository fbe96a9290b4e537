package main

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a search counts for its choice is what the exports of the run that its configuration
// trains take, and of one that stops after PTQ: files are at most a few bytes shorter, since they
// name a proof on fewer images and fewer epochs.
func TestSearchCountsWhatExportWrites(t *testing.T) {
	folder := t.TempDir()
	run := filepath.Join(folder, "run")
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
	for _, epochs := range []string{"0", "1"} {
		shipped := filepath.Join(folder, "after"+epochs)
		finished(t, "train", "--config", filepath.Join(run, chosenFile), "--set", "qat.epochs="+epochs, "--out", shipped)
		for name, flags := range exports {
			counted := r.Repaired.Costs[slices.Index(r.Respects, name)]
			real, spare := exportedBytes(t, shipped, name, flags)
			if counted < real || counted > real+spare {
				t.Errorf("%s, %s epochs: %d bytes are counted, and the export has %d", name, epochs, counted, real)
			}
		}
	}
}

// exportedBytes is what a run's export takes in a search's respect, and by how much it may be
// shorter than what is counted.
func exportedBytes(t *testing.T, run, name string, flags []string) (real, spare int64) {
	t.Helper()
	folder := t.TempDir()
	format, _, _ := strings.Cut(name, "-")
	to := filepath.Join(folder, "export")
	switch format {
	case "coreml":
		to += ".mlpackage"
	case "flash":
		text := petrify(t, append([]string{"export", run, "--format", "c", "--json", "--out", to + ".h"}, flags...)...)
		var takes struct {
			Flash int64 `json:"constants"`
		}
		if err := json.Unmarshal([]byte(text), &takes); err != nil {
			t.Fatal(err)
		}
		return takes.Flash, 0
	}
	petrify(t, append([]string{"export", run, "--format", format, "--out", to}, flags...)...)
	return sizeBelow(t, folder), 48
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
