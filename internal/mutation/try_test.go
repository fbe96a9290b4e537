package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryMutantFits: when the program changes, its mutants must change too.
func TestEveryMutantFits(t *testing.T) {
	if len(mutants) < 50 {
		t.Errorf("%d mutants, want 50 or more", len(mutants))
	}
	for _, m := range mutants {
		if _, err := m.broken("../.."); err != nil {
			t.Error(err)
		}
	}
}

// TestTry has a test that notices one fault and misses another.
func TestTry(t *testing.T) {
	defer func(before string) { timeout = before }(timeout)
	timeout = "2s"
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n",
		"a.go":   "package m\n\nfunc max(a, b int) int {\n\tif a < b {\n\t\treturn b\n\t}\n\treturn a\n}\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc TestMax(t *testing.T) {\n\tif max(1, 2) != 2 {\n" +
			"\t\tt.Error(1)\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		old, new string
		want     verdict
		err      string
	}{
		{"a < b", "a > b", noticed, ""},
		{"a < b", "a <= b", missed, ""},
		{"a < b", "a << b", invalid, ""},
		{"if a < b {", "for a < b {\n\t\tcontinue", late, ""},
		{"return", "panic(1)", "", "holds \"return\" 2 times"},
		{"a < b", "a < b", "", "another text"},
	} {
		got, err := mutant{file: "a.go", old: c.old, new: c.new}.try(t.Context(), root)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s for %s: %q, %v, want %q, an error with %q", c.new, c.old, got, err, c.want, c.err)
		}
	}
}

// TestRotate: over enough days, each mutant has its turn.
func TestRotate(t *testing.T) {
	all := []mutant{{file: "a"}, {file: "b"}, {file: "c"}, {file: "d"}, {file: "e"}}
	seen := map[string]int{}
	for day := 20000; day < 20005; day++ {
		for _, m := range rotate(all, 2, day) {
			seen[m.file]++
		}
	}
	for _, m := range all {
		if seen[m.file] != 2 {
			t.Errorf("%s comes %d times in five days of two, want 2", m.file, seen[m.file])
		}
	}
}

// TestCommand: exported C is executed by other tools than the module's tests.
func TestCommand(t *testing.T) {
	for tests, want := range map[string]string{
		"":                     "test -overlay o -count 1 -failfast -vet off -timeout 15m ./a",
		"b c/d":                "test -overlay o -count 1 -failfast -vet off -timeout 15m ./b ./c/d",
		"mcu:m4":               "run -overlay o ./internal/mcu -core m4",
		"conformance:TestCZoo": "-C internal/conformance test -overlay o -count 1 -failfast -vet off -timeout 15m -run TestCZoo .",
	} {
		if got := strings.Join(mutant{file: "a/a.go", tests: tests}.command("o"), " "); got != want {
			t.Errorf("%q: go %s, want %s", tests, got, want)
		}
	}
}
