package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
)

// Documents show what commands print. Those that need nothing but the built-in digits print it
// still, line by line; a line of … stands for any.
func TestDocumentsShowWhatIsPrinted(t *testing.T) {
	for name, mark := range map[string]string{"data.md": " data digits", "evaluate.md": " digits", "analyze.md": " demo"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../docs/" + name)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			compared := 0
			for block := range strings.SplitSeq(string(text), "```") {
				for _, part := range strings.Split(block, "\n$ petrify ")[1:] {
					line, shown, _ := strings.Cut(part, "\n")
					if !strings.Contains(" "+line+" ", mark+" ") {
						continue
					}
					got := said(strings.Fields(line))
					if shown = strings.TrimSpace(shown); shown != "" {
						compared++
						compareShown(t, line, trimmed(shown), trimmed(got))
					}
				}
			}
			if compared == 0 {
				t.Error("no output is shown")
			}
		})
	}
}

// said is what a command prints, or what it fails with.
func said(args []string) string {
	var stdout, stderr strings.Builder
	if run(context.Background(), args, nil, &stdout, &stderr) != 0 {
		return stderr.String()
	}
	return stdout.String()
}

// trimmed are those of a text, without blanks at their ends.
func trimmed(text string) (all []string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		all = append(all, strings.TrimRight(line, " \n"))
	}
	return all
}

func compareShown(t *testing.T, command string, shown, got []string) {
	t.Helper()
	for i, want := range shown {
		if want == "…" || want == "  …" {
			next := slices.Index(got, append(shown, "")[i+1])
			if got = got[max(next, 0):]; next < 0 && i+1 < len(shown) {
				t.Errorf("%s does not print %q", command, shown[i+1])
				return
			}
			continue
		}
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s: the document shows\n%s\nand it prints\n%s", command, want, append(got, "nothing")[0])
			return
		}
		got = got[1:]
	}
}
