//go:build linux || darwin

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// begun starts the command in a process of its own.
func begun(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	stderr = &bytes.Buffer{}
	cmd = exec.Command("petrify", args...)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() }) // it may have ended
	return cmd, stderr
}

// seeded returns the arguments of a run and its result when it runs alone.
func seeded(t *testing.T, seed int) (args func(out string) []string, whole string) {
	t.Helper()
	args = func(out string) []string { return briefly(out, "--seed", fmt.Sprint(seed)) }
	whole = filepath.Join(t.TempDir(), "whole")
	finished(t, args(whole)...)
	return args, whole
}

// Runs that are started in one folder at the same time do not mix: all except one
// are refused, unless that one has ended, and the files are those of one seed.
func TestRunsInOneFolder(t *testing.T) {
	const seeds = 3
	var args [seeds]func(string) []string
	var whole [seeds]string
	for i := range seeds {
		args[i], whole[i] = seeded(t, i)
	}
	for range 5 {
		out := filepath.Join(t.TempDir(), "run")
		var runs [seeds]*exec.Cmd
		var said [seeds]*bytes.Buffer
		for i := range seeds {
			runs[i], said[i] = begun(t, args[i](out)...)
		}
		won := 0
		for i, cmd := range runs {
			cmd.Wait()
			code := cmd.ProcessState.ExitCode()
			if refusal := "own " + out + ": process "; code != exitOK &&
				(code != exitFailed || !strings.Contains(said[i].String(), refusal)) {
				t.Errorf("exit code %d: %s: want 0, or 1 and %q", code, said[i], refusal)
			}
			if code == exitOK {
				won++
			}
		}
		if won == 0 {
			t.Error("each run was refused for another one")
		}
		settings, err := os.ReadFile(filepath.Join(out, configFile))
		if err != nil {
			t.Fatal(err)
		}
		for i := range seeds {
			if bytes.Contains(settings, fmt.Appendf(nil, "\nseed: %d\n", i)) {
				sameModel(t, out, whole[i])
			}
		}
	}
}

// A folder belongs to a run while that is stopped, and is free once it is dead.
func TestFolderOfARunThatIsStoppedAndKilled(t *testing.T) {
	long := []string{"--set", "float.epochs=60", "--set", "checkpoint=1 epochs"}
	whole, out := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "run")
	finished(t, briefly(whole, long...)...)
	owner, _ := begun(t, briefly(out, long...)...)
	metrics := filepath.Join(out, "metrics.jsonl")
	waitFor(t, metrics, func() bool { return lines(metrics) > 0 })
	if err := owner.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{briefly(out, long...), {"train", "--resume", "--out", out}} {
		var stderr bytes.Buffer
		code := run(t.Context(), args, strings.NewReader(""), io.Discard, &stderr)
		if want := fmt.Sprintf("own %s: process %d on ", out, owner.Process.Pid); code != exitFailed ||
			!strings.Contains(stderr.String(), want) {
			t.Errorf("exit code %d: %s: want 1 and %q", code, &stderr, want)
		}
	}
	owner.Process.Kill()
	owner.Wait() // its error is that it was killed
	if n := lines(metrics); n >= 60 {
		t.Fatalf("the run had trained its %d epochs before it was stopped", n)
	}
	finished(t, "train", "--resume", "--out", out)
	sameModel(t, out, whole)
}
