package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	part "petrify/internal/sample"
)

// ownRun trains a small network on a table of a few rows and exports it in
// every format, and once more under a name without a format.
func ownRun(t *testing.T) (folder string) {
	t.Helper()
	dir := t.TempDir()
	folder = filepath.Join(dir, "run")
	table := filepath.Join(dir, "own.csv")
	rows := "a,b,c,label\n1,2,3,x\n2,1,4,x\n3,3,1,x\n1,2,2,x\n2,2,5,x\n4,1,1,y\n5,0,2,y\n6,2,1,y\n4,2,2,y\n5,1,3,y\n"
	if err := os.WriteFile(table, []byte(rows), 0o666); err != nil {
		t.Fatal(err)
	}
	finished(t, "train", "--out", folder, "--set", "dataset="+table, "--set", "batch=2",
		"--set", "float.epochs=1", "--set", "qat.epochs=1",
		"--set", "network=[{linear: {features: 6}}, relu, {linear: {features: 2}}]")
	for _, f := range formats() {
		finished(t, "export", folder, "--format", f.name)
	}
	finished(t, "export", folder, "--opset", "21", "--out", filepath.Join(folder, "o21"))
	return folder
}

// verified runs verify without a runtime and returns its exit code and what it
// printed.
func verified(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return verifiedBy(t, "", args...)
}

// verifiedBy runs verify with a program in ortrun's place.
func verifiedBy(t *testing.T, program string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv(ortrunVariable, program)
	var out, complaints bytes.Buffer
	code = run(t.Context(), append([]string{"verify"}, args...), strings.NewReader(""), &out, &complaints)
	return code, out.String(), complaints.String()
}

// One byte changed anywhere in any file of a run, one more, one less, or a
// missing file, is noticed and named.
func TestTamperedRun(t *testing.T) {
	folder := ownRun(t)
	if code, stdout, stderr := verified(t, folder); code != exitOK || strings.Contains(stdout, "not listed") {
		t.Fatalf("untouched: exit code %d: %s%s", code, stdout, stderr)
	}
	all, err := filesBelow(folder)
	if err != nil {
		t.Fatal(err)
	}
	if want := 21; len(all) != want {
		t.Errorf("the run has %d files, want %d: %v", len(all), want, all)
	}
	for file, path := range all {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tamper := func(what string, changed []byte) {
			t.Helper()
			if changed == nil {
				os.Remove(path)
			} else if err := os.WriteFile(path, changed, 0o666); err != nil {
				t.Fatal(err)
			}
			if code, _, stderr := verified(t, folder); code != exitFailed || !strings.Contains(stderr, path) {
				t.Errorf("%s: %s: exit code %d: %s", path, what, code, stderr)
			}
		}
		n := len(content)
		places := slices.Compact([]int{0, n / 4, n / 2, 3 * n / 4, n - min(n, 20), n - 1})
		if testing.Short() { // for the race detector, which takes ten times as long
			places = places[len(places)-1:]
		}
		for i, at := range places {
			changed := bytes.Clone(content)
			changed[at] ^= 1 << i
			tamper("a byte changed", changed)
		}
		for i, t := range []struct {
			what    string
			changed []byte
		}{{"a byte less", content[:n-1]}, {"a byte more", append(bytes.Clone(content), 0)}, {"deleted", nil}} {
			if !part.Skips(file+i, 3) {
				tamper(t.what, t.changed)
			}
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := verified(t, folder); code != exitOK {
		t.Errorf("put back: exit code %d: %s", code, stderr)
	}
}

// A file that is not listed is named, but is not a fault.
func TestStrangeFileIsNamed(t *testing.T) {
	folder := ownRun(t)
	for _, name := range []string{"notes.txt", "c/main.c", "below/deep/x", "model.mlpackage/x"} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
		want := exitOK
		if strings.HasPrefix(name, "model.mlpackage") { // a part of an export
			want = exitFailed
		}
		code, stdout, stderr := verified(t, folder)
		if code != want || !strings.Contains(stdout, path+" is not listed in SHA256SUMS.") {
			t.Errorf("%s: exit code %d, want %d: %s%s", name, code, want, stdout, stderr)
		}
		os.Remove(path)
	}
}

// Exports that are made at the same time are all listed.
func TestExportsAtOnce(t *testing.T) {
	folder := ownRun(t)
	const exports = 8
	failed := make(chan error, exports)
	for i := range exports {
		path := filepath.Join(folder, fmt.Sprintf("export-%d", i))
		go func() { failed <- exec.Command("petrify", "export", folder, "--out", path).Run() }()
	}
	for range exports {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	code, stdout, stderr := verified(t, folder)
	want := fmt.Sprintf("%d files are as SHA256SUMS lists them", 20+exports)
	if code != exitOK || !strings.Contains(stdout, want) || strings.Contains(stdout, "not listed") {
		t.Errorf("exit code %d: %s%s: want %q", code, stdout, stderr, want)
	}
}
