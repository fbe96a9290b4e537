package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/datasets/sound/soundtest"
)

// tones writes a folder of sounds.
func tones(t *testing.T, folder string, speakers int, words ...string) {
	t.Helper()
	for name, content := range soundtest.Tones(words, speakers) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// Sounds are learned, and a model reads further ones as training read its own: with its run
// and without.
func TestSoundsFromFolderToPrediction(t *testing.T) {
	dir := t.TempDir()
	words, run, other := filepath.Join(dir, "words"), filepath.Join(dir, "run"), filepath.Join(dir, "other")
	tones(t, words, 20, "up", "down", "left")
	tones(t, other, 2, "up", "right")
	petrify(t, "train", "--out", run, "--set", "dataset="+words, "--set", "data.sound.words=[up, down]",
		"--set", "data.sound.rate=8000", "--set", "data.sound.unknown=1", "--set", "batch=8",
		"--set", "float.epochs=6", "--set", "qat.epochs=1", "--set",
		"network=[conv2d: {filters: 8, kernel: [10, 4], stride: 2}, batch_norm, relu, global_avg_pool, flatten, "+
			"linear: {features: 4}]")
	if text := petrify(t, "inspect", filepath.Join(run, "model.onnx")); !strings.Contains(text, `"sound":{"rate":8000`) {
		t.Errorf("inspect does not say how features are computed:\n%s", text)
	}
	if text := petrify(t, "verify", run); !strings.Contains(text, "words") {
		t.Error(text)
	}
	text := petrify(t, "evaluate", run, "--split", "all")
	if !strings.Contains(text, "_silence_") || !strings.Contains(text, "_unknown_") {
		t.Error(text)
	}
	alone := filepath.Join(dir, "alone")
	if err := os.Mkdir(alone, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"model.json", "model.safetensors"} {
		content, err := os.ReadFile(filepath.Join(run, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(alone, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	first := petrify(t, "evaluate", alone, other)
	for _, part := range []string{"custom on other: 9 samples, all", "up ", "_unknown_"} {
		if !strings.Contains(first, part) {
			t.Errorf("%s\ndoes not say %q", first, part)
		}
	}
	right := 0
	for _, p := range predicted(t, alone, filepath.Join(other, "up"), "--float=false") {
		if p.Class == "up" {
			right++
		}
	}
	if right < 3 {
		t.Errorf("%d of 4 sounds are recognised", right)
	}
	petrify(t, "report", run)
	petrify(t, "predict", run, filepath.Join(other, "up", "abx00_nohash_0.wav"))
}
