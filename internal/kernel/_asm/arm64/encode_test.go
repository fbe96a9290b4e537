package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEncodings gives the mnemonics of all encodings in the package's assembly
// to GNU's assembler, which must make the same of them.
func TestEncodings(t *testing.T) {
	files, err := filepath.Glob("../../*_arm64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("assembly: %v, %v", files, err)
	}
	want := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		words := regexp.MustCompile(`WORD +\$0x([0-9a-f]{8}) // (.*)`).FindAllStringSubmatch(string(text), -1)
		if got := strings.Count(string(text), "WORD"); got != len(words) {
			t.Errorf("%s: %d words, %d of them with mnemonics", name, got, len(words))
		}
		for _, m := range words {
			if old, ok := want[m[2]]; ok && old != m[1] {
				t.Errorf("%s: %s and %s", m[2], old, m[1])
			}
			want[m[2]] = m[1]
		}
	}
	got := gnu(t, want)
	for text, code := range want {
		if got[text] != code {
			t.Errorf("%s: %s, the assembler says %q", text, code, got[text])
		}
	}
	t.Logf("%d instructions of %d forms", len(want), len(forms))
}

// TestEncodingsOfAllForms takes every form, with numbers that no other operand has.
func TestEncodingsOfAllForms(t *testing.T) {
	want := map[string]string{}
	for form := range forms {
		for _, numbers := range [][4]string{{"1", "2", "4", "1"}, {"8", "16", "15", "2"}, {"31", "30", "13", "3"}} {
			text := form
			for _, n := range numbers[:3] {
				text = strings.Replace(text, "v.", "v"+n+".", 1)
			}
			text = strings.Replace(text, "[]", "["+numbers[3]+"]", 1)
			word := assemble(text)
			want[text] = word[len("WORD $0x"):][:8]
		}
	}
	got := gnu(t, want)
	for text, code := range want {
		if got[text] != code {
			t.Errorf("%s: %s, the assembler says %q", text, code, got[text])
		}
	}
}

func TestWhatCannotBeAssembled(t *testing.T) {
	for _, text := range []string{
		"fadd v32.4s, v0.4s, v0.4s", "fmla v0.4s, v1.4s, v2.s[4]", "smlal v0.4s, v1.4h, v16.h[0]",
		"smlal v0.4s, v1.4h, v1.h[8]", "frob v0.4s, v1.4s, v2.4s", "add r0, r1, r2",
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", text)
				}
			}()
			t.Logf("%s: %s", text, assemble(text))
		}()
	}
}

// gnu assembles instructions and returns their encodings.
func gnu(t *testing.T, texts map[string]string) map[string]string {
	t.Helper()
	const prefix = "aarch64-linux-gnu-"
	var lines []string
	for text := range texts {
		lines = append(lines, text)
	}
	slices.Sort(lines)
	folder := t.TempDir()
	source, object := filepath.Join(folder, "words.s"), filepath.Join(folder, "words.o")
	if err := os.WriteFile(source, []byte(".arch armv8.6-a\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(prefix+"as", "-o", object, source).CombinedOutput(); err != nil {
		t.Fatalf("%sas, which Debian has in the package gcc-aarch64-linux-gnu: %v\n%s", prefix, err, out)
	}
	codes, err := exec.Command(prefix+"objdump", "-d", object).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`(?m)^ +[0-9a-f]+:\t([0-9a-f]{8})`).FindAllStringSubmatch(string(codes), -1)
	if len(all) != len(lines) {
		t.Fatalf("%d instructions, %d encodings", len(lines), len(all))
	}
	got := map[string]string{}
	for i, m := range all {
		got[lines[i]] = m[1]
	}
	return got
}
