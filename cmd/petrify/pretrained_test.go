package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A network of an ONNX file is analysed in the folder of its import, and quantized from
// there or from the file itself, with the same bytes.
func TestPretrainedONNX(t *testing.T) {
	file, imported := importedTiny(t)
	folder := filepath.Dir(file)
	data := []string{"--set", "dataset=digits"}

	out, _ := ends(t, exitOK, append(data, "analyze", imported)...)
	for _, want := range []string{"fc1.weight", "on digits, 288 samples of the training split"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(imported, analysisFile)); err != nil {
		t.Error(err)
	}
	ends(t, exitOK, append(data, "search", imported, "--budget", "drop=20")...)
	ends(t, exitOK, "train", "--config", filepath.Join(imported, chosenFile), "--set", "qat.epochs=1")
	ends(t, exitOK, append(data, "quantize", imported)...)
	again := filepath.Join(folder, "again")
	ends(t, exitOK, append(data, "quantize", file, "--out", again)...)
	sameModel(t, again, imported+"-ptq")
	ends(t, exitOK, "verify", again)

	for _, command := range []string{"analyze", "quantize"} {
		_, said := ends(t, exitUsage, command, imported)
		if want := "want --config FILE, or --set dataset=NAME"; !strings.Contains(said, want) {
			t.Errorf("%s says %s, want %s", command, said, want)
		}
	}
}

// An analysis that is stopped writes nothing.
func TestStoppedAnalysisWritesNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	finished(t, smallRun(out)...)
	before, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"analyze", out}, nil, io.Discard, io.Discard); code == exitOK {
		t.Error("it ended well")
	}
	after, err := os.ReadDir(out)
	if err != nil || len(after) != len(before) {
		t.Errorf("%d files, want the %d of the run: %v", len(after), len(before), err)
	}
}
