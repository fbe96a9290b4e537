//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C leaves a checkpoint, and the run continues from there to the model
// that an uninterrupted run gives.
func TestInterruptedRunContinuesToTheSameModel(t *testing.T) {
	whole, parted := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parted")
	args := []string{"train", "--set", "network=mlp", "--set", "float.epochs=40", "--set", "qat.epochs=1"}
	start := func(stderr io.Writer, more ...string) int {
		return run(t.Context(), append(args[:len(args):len(args)], more...), strings.NewReader(""), io.Discard, stderr)
	}
	if code := start(io.Discard, "--out", whole); code != exitOK {
		t.Fatalf("exit code %d", code)
	}

	done := make(chan int)
	go func() { done <- start(io.Discard, "--out", parted) }()
	waitForLine(t, filepath.Join(parted, "metrics.jsonl"))
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != exitInterrupted {
		t.Fatalf("exit code %d after an interrupt, want %d", code, exitInterrupted)
	}
	if _, err := os.Stat(filepath.Join(parted, "model.safetensors")); err == nil {
		t.Error("an interrupted run has written a model")
	}

	var refusal bytes.Buffer
	if code := start(&refusal, "--out", parted); code != exitFailed || !strings.Contains(refusal.String(), "unfinished run") {
		t.Errorf("exit code %d: %s: want no run in the place of an unfinished one", code, &refusal)
	}
	args = []string{"train", "--resume"} // the settings are in the folder
	if code := start(io.Discard, "--out", parted); code != exitOK {
		t.Fatalf("exit code %d of the resumed run", code)
	}
	for _, name := range []string{"model.safetensors", "model.json"} {
		a, errA := os.ReadFile(filepath.Join(whole, name))
		b, errB := os.ReadFile(filepath.Join(parted, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs from the uninterrupted run's: %v %v", name, errA, errB)
		}
	}
}

// waitForLine waits until a file has a line.
func waitForLine(t *testing.T, file string) {
	t.Helper()
	for range 2000 {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte("\n")) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s has no line after ten seconds", file)
}
