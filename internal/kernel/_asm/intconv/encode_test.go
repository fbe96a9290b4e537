package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVexDot holds the encoding of all registers against GNU's assembler.
func TestVexDot(t *testing.T) {
	var text strings.Builder
	var want []byte
	for sum := range 16 {
		for x := range 16 {
			for w := range 16 {
				fmt.Fprintf(&text, "{vex} vpdpbusd %%ymm%d, %%ymm%d, %%ymm%d\n", w, x, sum)
				want = append(want, vexDot(sum, x, w)...)
			}
		}
	}
	if _, err := exec.LookPath("as"); err != nil {
		t.Fatal("no assembler, which Debian has in the package binutils: ", err)
	}
	folder := t.TempDir()
	object, code := filepath.Join(folder, "dot.o"), filepath.Join(folder, "dot")
	as := exec.Command("as", "--64", "-o", object)
	as.Stdin = strings.NewReader(text.String())
	for _, c := range []*exec.Cmd{as, exec.Command("objcopy", "-O", "binary", "-j", ".text", object, code)} {
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c, err, out)
		}
	}
	got, err := os.ReadFile(code)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(want); i += 5 {
		if !bytes.Equal(got[i:i+5], want[i:i+5]) {
			t.Fatalf("%q: % x, want % x", strings.Split(text.String(), "\n")[i/5], want[i:i+5], got[i:i+5])
		}
	}
}
