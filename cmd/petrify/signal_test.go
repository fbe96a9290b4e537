//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C and SIGTERM leave a checkpoint, and the run continues from there to
// the model that an uninterrupted run gives.
func TestInterruptedRunContinuesToTheSameModel(t *testing.T) {
	whole, parted := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parted")
	args := []string{"train", "--set", "network=mlp", "--set", "float.epochs=40", "--set", "qat.epochs=1"}
	start := func(stderr io.Writer, more ...string) int {
		return run(t.Context(), append(args[:len(args):len(args)], more...), strings.NewReader(""), io.Discard, stderr)
	}
	if code := start(io.Discard, "--out", whole); code != exitOK {
		t.Fatalf("exit code %d", code)
	}

	var resume []string
	for _, stop := range []struct {
		signal  syscall.Signal
		code    int
		message string
	}{
		{syscall.SIGINT, 130, "interrupted in the float stage after "},
		{syscall.SIGTERM, 143, "ended by signal: terminated"},
	} {
		metrics := filepath.Join(parted, "metrics.jsonl")
		before := lines(metrics)
		var stderr bytes.Buffer
		done := make(chan int)
		go func() { done <- start(&stderr, append(resume, "--out", parted)...) }()
		waitFor(t, "another line of "+metrics, func() bool { return lines(metrics) > before })
		if err := syscall.Kill(os.Getpid(), stop.signal); err != nil {
			t.Fatal(err)
		}
		if code := <-done; code != stop.code || !strings.Contains(stderr.String(), stop.message) {
			t.Fatalf("exit code %d after %v: %s: want %d and %q", code, stop.signal, &stderr, stop.code, stop.message)
		}
		if _, err := os.Stat(filepath.Join(parted, "model.safetensors")); err == nil {
			t.Error("an interrupted run has written a model")
		}
		resume = []string{"--resume"}
	}

	var refusal bytes.Buffer
	if code := start(&refusal, "--out", parted); code != exitFailed ||
		!strings.Contains(refusal.String(), "unfinished run") {
		t.Errorf("exit code %d: %s: want no run in the place of an unfinished one", code, &refusal)
	}
	args = []string{"train", "--resume"} // the settings are in the folder
	if code := start(io.Discard, "--out", parted); code != exitOK {
		t.Fatalf("exit code %d of the resumed run", code)
	}
	sameModel(t, parted, whole)
}

// lines counts those of a file, 0 if there is none.
func lines(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	return bytes.Count(text, []byte("\n"))
}

// waitFor waits until something has happened.
func waitFor(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for range 2000 {
		if happened() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited ten seconds for %s", what)
}

// The second signal ends a command that does not react to the first: one that
// reads a configuration from a terminal.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	for signal, want := range map[os.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		cmd := exec.Command("petrify", "config", "print", "-c", "-")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// More than a pipe holds, so that the command is reading once it is
		// written.
		if _, err := stdin.Write(bytes.Repeat([]byte("# comment\n"), 1<<15)); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		sent, patience := 0, 500*time.Millisecond // for the first to be noticed
		for running := true; running && sent < 5; {
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			sent++
			select {
			case <-ended:
				running = false
			case <-time.After(patience):
				patience = 10 * time.Second
			}
		}
		if code := cmd.ProcessState.ExitCode(); code != want || sent != 2 {
			t.Errorf("exit code %d after %d times %v, want %d after 2", code, sent, signal, want)
		}
	}
}

// Interrupted in the middle of a proof, verify writes none.
func TestInterruptedVerifyWritesNoProof(t *testing.T) {
	folder := t.TempDir()
	out, ortrun, begun := filepath.Join(folder, "run"), filepath.Join(folder, "ortrun"), filepath.Join(folder, "begun")
	if code := run(t.Context(), []string{"train", "--set", "network=mlp", "--set", "float.epochs=1", "--set",
		"qat.epochs=0", "--out", out}, strings.NewReader(""), io.Discard, io.Discard); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	proof := filepath.Join(out, "proof.json")
	if err := os.Remove(proof); err != nil {
		t.Fatal(err)
	}
	// An ONNX Runtime that never ends holds verify half way.
	script := "#!/bin/sh\n: >" + begun + "\nexec sleep 60\n"
	if err := os.WriteFile(ortrun, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv(ortrunVariable, ortrun)
	done := make(chan int)
	go func() {
		done <- run(t.Context(), []string{"verify", out}, strings.NewReader(""), io.Discard, io.Discard)
	}()
	waitFor(t, begun, func() bool { _, err := os.Stat(begun); return err == nil })
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if _, err := os.Stat(proof); err == nil {
		t.Error("an interrupted verify has written a proof")
	}
}
