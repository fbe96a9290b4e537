package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// A mutant is a fault in one place: old, which its file holds exactly once,
// becomes new.
type mutant struct {
	file, old, new string
	tests          string // folders whose tests must notice; "": the file's
}

// A verdict is what the tests said about a mutant.
type verdict string

const (
	noticed verdict = "noticed"
	missed  verdict = "MISSED"
	invalid verdict = "INVALID" // does not compile
	late    verdict = "LATE"    // ran for so long that nobody knows
)

// timeout is that of each package's tests, which take longest in cmd/petrify.
var timeout = "15m"

// broken is the file's text with the fault in it.
func (m mutant) broken(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 || m.old == m.new {
		return "", fmt.Errorf("%s holds %q %d times, want once, and another text in its place", m.file, m.old, n)
	}
	return strings.Replace(string(text), m.old, m.new, 1), nil
}

// try runs the mutant's tests on the module in root.
func (m mutant) try(ctx context.Context, root string) (verdict, error) {
	text, err := m.broken(root)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, filepath.Join(root, m.file), text)
	if err != nil {
		return "", err
	}
	args := []string{"test", "-overlay", overlay, "-count", "1", "-failfast", "-vet", "off", "-timeout", timeout}
	for folder := range strings.FieldsSeq(cmp.Or(m.tests, path.Dir(m.file))) {
		args = append(args, "./"+folder)
	}
	test := exec.CommandContext(ctx, "go", args...)
	test.Dir = root
	output, err := test.CombinedOutput()
	switch {
	case err == nil:
		return missed, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case strings.Contains(string(output), "build failed]"):
		return invalid, nil
	case strings.Contains(string(output), "panic: test timed out"):
		return late, nil
	case !strings.Contains(string(output), "\nFAIL\t"):
		return "", fmt.Errorf("%s: no test ran: %w\n%s", m.file, err, output)
	}
	return noticed, nil
}

// writeOverlay makes the go command read text in place of file.
func writeOverlay(dir, file, text string) (overlay string, err error) {
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	replacement := filepath.Join(dir, filepath.Base(file))
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: replacement}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(replacement, []byte(text), 0o666); err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, replace, 0o666)
}
