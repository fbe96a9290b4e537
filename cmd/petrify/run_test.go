package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// finished runs the command in this process and expects success.
func finished(t *testing.T, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &stderr); code != exitOK {
		t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
	}
}

// sameModel expects the frozen models of two runs to have the same bytes.
func sameModel(t *testing.T, run, want string) {
	t.Helper()
	for _, name := range []string{"model.safetensors", "model.json"} {
		a, errA := os.ReadFile(filepath.Join(run, name))
		b, errB := os.ReadFile(filepath.Join(want, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs from the undisturbed run's: %v %v", name, errA, errB)
		}
	}
}
