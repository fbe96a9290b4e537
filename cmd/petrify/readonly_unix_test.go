//go:build linux || darwin

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user and a group without rights. Permissions do not bind the
// superuser, who often runs tests in containers.
const nobody = 65534

// theirs makes a folder that belongs to the user of [unprivileged] and that
// this user can reach.
func theirs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, folder)
	return folder
}

// own gives a folder and what is in it to the user of [unprivileged].
func own(t *testing.T, folder string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unprivileged returns a function that starts the command as a user whom
// permissions bind: nobody if the superuser runs the test, otherwise the same
// user.
func unprivileged(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(theirs(t), "petrify") // where nobody may run it
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir = filepath.Dir(program)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		return cmd
	}
}

// refused runs a command and expects it to fail with exit code 1 and a message
// with all of these parts.
func refused(t *testing.T, cmd *exec.Cmd, parts ...string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d, want %d: %s", code, exitFailed, &stderr)
	}
	if strings.Contains(stderr.String(), ".tmp") {
		t.Errorf("a temporary name in: %s", &stderr)
	}
	for _, part := range append(parts, "permission denied") {
		if !strings.Contains(stderr.String(), part) {
			t.Errorf("no %q in: %s", part, &stderr)
		}
	}
}

// chmod sets a permission until the test ends, when its folder must go.
func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(path, 0o755) })
}

// A folder that may not be written to ends train and export with an error that
// names it, and stays as it was.
func TestReadOnlyFolder(t *testing.T) {
	petrify, folder := unprivileged(t), theirs(t)
	run, model := filepath.Join(folder, "run"), filepath.Join(theirs(t), "run")
	finished(t, briefly(model)...)
	own(t, model)
	if err := os.Mkdir(run, 0o555); err != nil {
		t.Fatal(err)
	}
	own(t, run)
	chmod(t, folder, 0o555)

	refused(t, petrify(briefly(filepath.Join(folder, "new"))...),
		"petrify: train: mkdir "+filepath.Join(folder, "new")+": ")
	refused(t, petrify(briefly(run)...), "petrify: train: atomicfile: write "+filepath.Join(run, "owner.json")+": ")
	for format, file := range map[string]string{"onnx": "model.onnx", "coreml": "model.mlpackage"} {
		refused(t, petrify("export", model, "--format", format, "--out", filepath.Join(folder, file)),
			filepath.Join(folder, file))
	}
	if got := fmt.Sprint(files(t, folder), files(t, run)); got != "[run] []" {
		t.Errorf("the folders hold %s", got)
	}
}

// A run that may only be read is verified like any other. Writing on request
// fails.
func TestVerifyReadsOnly(t *testing.T) {
	petrify, folder := unprivileged(t), theirs(t)
	run := filepath.Join(folder, "run")
	finished(t, briefly(run)...)
	own(t, run)
	chmod(t, run, 0o555)
	before := tree(t, run)
	cmd := petrify("verify", run)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	refused(t, petrify("verify", "--write", run), "atomicfile: write "+filepath.Join(run, "owner.json")+": ")
	if !reflect.DeepEqual(before, tree(t, run)) {
		t.Error("the run is another than before")
	}
}

// A folder that becomes read-only ends the run with the file and the last good
// checkpoint. When it can be written to again the run continues to the model
// of an undisturbed one.
func TestFolderThatBecomesReadOnly(t *testing.T) {
	petrify, folder := unprivileged(t), theirs(t)
	whole, out := filepath.Join(folder, "whole"), filepath.Join(folder, "run")
	long := []string{"--set", "float.epochs=40"}
	finished(t, briefly(whole, long...)...)

	cmd := petrify(briefly(out, long...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	metrics := filepath.Join(out, "metrics.jsonl")
	waitFor(t, metrics, func() bool { return lines(metrics) > 0 })
	chmod(t, out, 0o555)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed ||
		!strings.Contains(stderr.String(), "atomicfile: write "+out) ||
		!strings.Contains(stderr.String(), "permission denied") {
		t.Errorf("exit code %d: %s: want 1 and what cannot be written", code, &stderr)
	}
	if _, err := os.Stat(filepath.Join(out, "model.safetensors")); err == nil {
		t.Error("there is a model")
	}
	chmod(t, out, 0o755)
	cmd = petrify("train", "--resume", "--out", out)
	cmd.Stderr = io.Discard
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	sameModel(t, out, whole)
}

// Files that may not be read are named.
func TestUnreadableFiles(t *testing.T) {
	petrify, folder := unprivileged(t), theirs(t)
	for _, tt := range []struct {
		file string
		args func(path string) []string
	}{
		{"data.csv", func(path string) []string {
			return briefly(filepath.Join(folder, "run"), "--set",
				"dataset="+path)
		}},
		{"config.yaml", func(path string) []string { return []string{"train", "-c", path} }},
		{"model.json", func(path string) []string { return []string{"export", path} }},
	} {
		path := filepath.Join(folder, tt.file)
		if err := os.WriteFile(path, nil, 0o000); err != nil {
			t.Fatal(err)
		}
		refused(t, petrify(tt.args(path)...), "open "+path+": ")
	}
}
