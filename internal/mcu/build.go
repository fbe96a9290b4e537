package main

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

//go:embed board
var board embed.FS

// trial is an export on a core.
type trial struct {
	core
	model          *quantized.Model
	requantization integer.Requantization
	level          string // of optimization: -O2
	inputs         int    // of the export's test that are run: 2 to 8
	layers         bool   // count each layer, too
	traces         bool   // count its cycles
}

// result is what a trial counts; instructions are those of one inference.
type result struct {
	instructions float64
	layers       []float64
	spent        []spent  // of layers, if they are traced
	calls        []string // of the layers
	code, stack  int      // bytes
	differ       int      // outputs that are not the engine's
}

// run exports, compiles, executes and counts.
func (t trial) run() (r result, err error) {
	dir, err := os.MkdirTemp("", "mcu")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if r.calls, err = t.write(dir); err != nil {
		return r, err
	}
	if err := t.build(dir, fmt.Sprintf("-DINPUTS=%d", t.inputs), fmt.Sprintf("-DLOOP=%d", loop)); err != nil {
		return r, err
	}
	if err := t.clang(dir); err != nil {
		return r, err
	}
	if r.code, err = t.code(dir); err != nil {
		return r, err
	}
	if err := t.execute(dir, &r); err != nil || !t.traces {
		return r, err
	}
	if err := t.build(dir, "-DINPUTS=1", "-DLOOP=1"); err != nil {
		return r, err
	}
	r.spent, err = t.trace(dir)
	if err == nil && len(r.spent) != len(r.calls) {
		err = fmt.Errorf("%s: %d layers traced, want %d", t.title, len(r.spent), len(r.calls))
	}
	return r, err
}

// size compiles an export, and is the size of its code.
func (t trial) size() (int, error) {
	dir, err := os.MkdirTemp("", "mcu")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if _, err := t.write(dir); err != nil {
		return 0, err
	}
	if err := t.compile(dir, "net.c"); err != nil {
		return 0, err
	}
	return t.code(dir)
}

// write puts the export and the start-up into a folder, and returns the calls of the layers that are counted.
func (t trial) write(dir string) (calls []string, err error) {
	files, err := carray.Encode(t.model, carray.Options{Name: "net", Requantization: t.requantization})
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if t.layers && f.Name == "net.c" {
			f.Data, calls = instrument(f.Data)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return nil, err
		}
	}
	return calls, os.CopyFS(dir, board)
}

// call is a line of net_run that computes a layer, or a part of one.
var call = regexp.MustCompile(`(?m)^    ([a-z]\w*\(.*\);)$`)

// instrument makes net_run report the end of each layer.
func instrument(source []byte) (instrumented []byte, calls []string) {
	head, body, _ := strings.Cut(string(source), "\nvoid net_run(")
	body, tail, _ := strings.Cut(body, "\n}\n")
	for _, c := range call.FindAllStringSubmatch(body, -1) {
		calls = append(calls, c[1])
	}
	body = call.ReplaceAllString(body, "    $1\n    mcu_layer();")
	return []byte(head + "\nvoid mcu_layer(void);\n\nvoid net_run(" + body + "\n}\n" + tail), calls
}

// warnings are flags of both compilers.
func (t trial) warnings() []string {
	return []string{"-std=gnu99", t.level, "-ffunction-sections", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
		"-Wshadow", "-Werror"}
}

// build compiles and links. An export compiles without warnings.
func (t trial) build(dir string, defines ...string) error {
	for _, source := range []string{"net.c", "board/main.c", "board/" + t.start} {
		if err := t.compile(dir, source, defines...); err != nil {
			return err
		}
	}
	memory := func(name string, at uint32, k int) string {
		return fmt.Sprintf("-Wl,--defsym=%[1]s=%#[2]x,--defsym=%[1]s_LENGTH=%[3]d", name, at, k<<10)
	}
	link := append(append([]string{}, t.flags...), "-nostartfiles", "-Wl,--gc-sections", "-o", "program", "net.o",
		"main.o", strings.TrimSuffix(t.start, ".c")+".o", memory("CODE", t.core.code, t.codeK),
		memory("DATA", t.data, t.dataK), "-Tboard/board.ld", "-lm")
	return tool(dir, t.compiler+"gcc", link...)
}

// compile makes an object of a source.
func (t trial) compile(dir, source string, defines ...string) error {
	args := slices.Concat(t.warnings(), t.flags, defines, []string{"-I.", "-Iboard", "-c", source, "-o",
		strings.TrimSuffix(filepath.Base(source), ".c") + ".o"})
	return tool(dir, t.compiler+"gcc", args...)
}

// code is the size of the machine code that a program has to have to call net_run.
func (t trial) code(dir string) (size int, err error) {
	if err := tool(dir, t.compiler+"ld", t.emulation()...); err != nil {
		return 0, err
	}
	out, err := output(dir, t.compiler+"size", "-A", "net.run.o")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && strings.HasPrefix(f[0], ".text") {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				return 0, err
			}
			size += n
		}
	}
	return size, nil
}

// emulation is how the linker keeps of net.o what net_run needs.
func (t trial) emulation() []string {
	args := []string{"-r", "--gc-sections", "-e", "net_run", "-u", "net_run", "net.o", "-o", "net.run.o"}
	if t.compiler == riscv {
		args = append(args, "-melf32lriscv")
	}
	return args
}

// execute runs the program and reads what it says.
func (t trial) execute(dir string, r *result) error {
	line := t.command("program")
	out, err := output(dir, line[0], line[1:]...)
	if err != nil {
		return err
	}
	r.differ = -1
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		word, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return fmt.Errorf("%s: says %q: want a word and a number", t.title, lines.Text())
		}
		switch word {
		case "loop":
			if err := t.check(n); err != nil {
				return fmt.Errorf("%s: %w", t.title, err)
			}
		case "run":
			r.instructions = n * t.perTick()
		case "layer":
			r.layers = append(r.layers, n*t.perTick())
		case "stack":
			r.stack = int(n)
		case "differ":
			r.differ = int(n)
		}
	}
	if r.differ < 0 || len(r.layers) != len(r.calls) {
		return fmt.Errorf("%s: the program does not end: it says\n%s", t.title, out)
	}
	return nil
}

func tool(dir, name string, args ...string) error {
	_, err := output(dir, name, args...)
	return err
}

func output(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w: go doc ./internal/mcu says what to install", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out, complaints.Bytes())
	}
	return out, nil
}
