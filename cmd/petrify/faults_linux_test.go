package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Linux has a device that is always full. Output to it is lost, and the exit
// code says so; what is written to files is complete.
func TestFullStandardOutput(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	finished(t, briefly(out)...)
	fresh := out + "2"
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range [][]string{
		{"version"}, {"config", "print"}, {"config", "schema"}, {"inspect", out}, {"inspect", "--graph", out},
		{"export", out}, {"verify", out}, {"bench", out, "--repeats", "1"}, {"train", "--resume", "--out", out},
		briefly(fresh),
	} {
		var stderr bytes.Buffer
		cmd := exec.Command("petrify", args...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != exitFailed ||
			!strings.Contains(stderr.String(), syscall.ENOSPC.Error()) {
			t.Errorf("%v: exit code %d: %s: want 1 and %v", args, code, &stderr, syscall.ENOSPC)
		}
	}
	finished(t, "verify", fresh)
}
