package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// clang compiles an export without warnings, too, where it is installed: it knows functions that a core does not
// use, and other types of intrinsics. What it makes is not executed.
func (t trial) clang(dir string) error {
	if _, err := exec.LookPath("clang"); err != nil {
		return nil
	}
	library, err := t.headers(dir)
	if err != nil {
		return err
	}
	target := "arm-none-eabi"
	if t.compiler == riscv {
		target = "riscv32-unknown-elf"
	}
	args := []string{"--target=" + target, "-idirafter", library, "-c", "net.c", "-o", "net.clang.o"}
	for _, f := range append(t.warnings(), t.flags...) {
		if !strings.HasPrefix(f, "--specs=") {
			args = append(args, f)
		}
	}
	return tool(dir, "clang", args...)
}

// headers is the folder of gcc's C library that has math.h.
func (t trial) headers(dir string) (string, error) {
	out, err := output(dir, t.compiler+"gcc", append([]string{"-M", "-include", "math.h", "-xc", "/dev/null"}, t.flags...)...)
	if err != nil {
		return "", err
	}
	for _, file := range strings.Fields(string(out)) {
		if filepath.Base(file) == "math.h" {
			return filepath.Dir(file), nil
		}
	}
	return "", fmt.Errorf("%s: gcc does not say where math.h is: %s", t.title, out)
}
