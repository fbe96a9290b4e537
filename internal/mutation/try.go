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
	"regexp"
	"slices"
	"strings"
)

// A mutant is a fault in one place: old, which its file holds exactly once,
// becomes new.
type mutant struct {
	file, old, new string
	tests          string // what must notice: folders with tests, or see [mutant.command]; "": the file's folder
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
	test := exec.CommandContext(ctx, "go", m.command(overlay)...)
	test.Dir = root
	if strings.HasPrefix(m.tests, "conformance:") {
		test.Env = append(os.Environ(), "CGO_ENABLED=1") // for ONNX Runtime
	}
	output, err := test.CombinedOutput()
	switch {
	case err == nil:
		return missed, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case strings.Contains(string(output), "build failed]"), compilerError.Match(output):
		return invalid, nil
	case strings.Contains(string(output), "panic: test timed out"):
		return late, nil
	case !failed.Match(output):
		return "", fmt.Errorf("%s: no test ran: %w\n%s", m.file, err, output)
	}
	return noticed, nil
}

var (
	// compilerError is how gcc and clang refuse exported C.
	compilerError = regexp.MustCompile(`\.c:\d+:\d+: (fatal )?error: `)

	// failed is what go test says of a package, and internal/mcu of outputs and of crashes.
	failed = regexp.MustCompile(`(?m)^FAIL\t|outputs are not the engine's|^fault 1`)
)

// command has the go command run the tests. Those of exported C are not in the module:
// "conformance:TestCZoo" are some of internal/conformance, and "mcu:m4" is what internal/mcu
// executes on a core.
func (m mutant) command(overlay string) []string {
	by, what, exported := strings.Cut(m.tests, ":")
	tests := []string{"test", "-overlay", overlay, "-count", "1", "-failfast", "-vet", "off", "-timeout", timeout}
	switch {
	case exported && by == "mcu":
		return []string{"run", "-overlay", overlay, "./internal/mcu", "-core", what}
	case exported:
		return slices.Concat([]string{"-C", "internal/" + by}, tests, []string{"-run", what, "."})
	}
	for folder := range strings.FieldsSeq(cmp.Or(m.tests, path.Dir(m.file))) {
		tests = append(tests, "./"+folder)
	}
	return tests
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
