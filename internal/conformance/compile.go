package conformance

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

// CompilerVariable is the environment variable that names a C compiler other
// than cc.
const CompilerVariable = "CC"

// Strict are the warnings that exported C has none of.
var Strict = []string{"-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"}

// Toolchain is a C compiler, its flags, and a way to run its programs.
type Toolchain struct {
	Compiler string // empty: cc, or what CompilerVariable names
	Flags    []string
	Runner   []string // an emulator and its arguments; nil where the processor runs programs itself
}

// Compiled is a program of exported models, and the command that runs it.
type Compiled struct{ command []string }

// Export is a model and how it is rescaled.
type Export struct {
	Model          *quantized.Model
	Requantization integer.Requantization
}

// Compile exports models as C and builds one program from them in a folder.
func Compile(dir string, models []Export, flags ...string) (*Compiled, error) {
	return Toolchain{Flags: flags}.Compile(dir, models)
}

// Compile is [Compile] with this toolchain.
func (c Toolchain) Compile(dir string, models []Export) (*Compiled, error) {
	var sources []string
	for i, m := range models {
		name := fmt.Sprintf("model%d", i)
		if err := carray.Write(dir, m.Model, carray.Options{Name: name, Requantization: m.Requantization}); err != nil {
			return nil, err
		}
		sources = append(sources, name+".c")
	}
	if err := os.WriteFile(filepath.Join(dir, "main.c"), program(models), 0o666); err != nil {
		return nil, err
	}
	sources = append(sources, "main.c")
	if err := c.objects(dir, sources); err != nil {
		return nil, err
	}
	link := append([]string{"-o", "program"}, c.Flags...)
	for _, s := range sources {
		link = append(link, s+".o")
	}
	return &Compiled{append(slices.Clone(c.Runner), filepath.Join(dir, "program"))}, c.cc(dir, link...)
}

// CC runs the C compiler in a folder. It fails if the compiler does.
func CC(dir string, args ...string) error { return Toolchain{}.cc(dir, args...) }

func (c Toolchain) cc(dir string, args ...string) error {
	compiler := cmp.Or(c.Compiler, os.Getenv(CompilerVariable), "cc")
	cmd := exec.Command(compiler, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("conformance: no C compiler: install gcc, or set $%s: %w", CompilerVariable, err)
	}
	if err != nil {
		return fmt.Errorf("conformance: %s %s: %w\n%s", compiler, strings.Join(args, " "), err, out)
	}
	return nil
}

// objects compiles sources, as many at a time as there are processors.
func (c Toolchain) objects(dir string, sources []string) error {
	flags := slices.Concat(c.Flags, Strict)
	faults := make([]error, len(sources))
	free := make(chan bool, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i, s := range sources {
		all.Go(func() {
			free <- true
			defer func() { <-free }()
			faults[i] = c.cc(dir, append([]string{"-c", s, "-o", s + ".o"}, flags...)...)
		})
	}
	all.Wait()
	return errors.Join(faults...)
}

// program is the main function: program MODEL FUNCTION reads inputs and writes
// outputs until there are no more. Memory is allocated to the byte, so that a
// sanitizer notices accesses beyond it.
func program(models []Export) []byte {
	var includes, calls strings.Builder
	for i, m := range models {
		name, macro := fmt.Sprintf("model%d", i), fmt.Sprintf("MODEL%d", i)
		fmt.Fprintf(&includes, "#include \"%s.h\"\n", name)
		pixels := "0"
		if in := m.Model.Input; len(in.Shape) == 3 && in.Shape[0] <= 4 && in.PixelScale != 1 {
			pixels = name + "_pixels"
		}
		fmt.Fprintf(&calls, "    {%[1]s_run, %[1]s_quantize, %[1]s_dequantize, %[3]s, %[2]s_INPUT_SIZE, "+
			"%[2]s_OUTPUT_SIZE, %[2]s_ARENA_SIZE},\n", name, macro, pixels)
	}
	return []byte(`#include <stdio.h>
#include <stdlib.h>
#include <string.h>
` + includes.String() + `
typedef struct {
    void (*run)(uint8_t *, const uint8_t *, uint8_t *);
    void (*quantize)(uint8_t *, const float *);
    void (*dequantize)(float *, const uint8_t *);
    void (*pixels)(uint8_t *, const uint8_t *);
    size_t in, out, arena;
} model;

static const model models[] = {
` + calls.String() + `};

int main(int argc, char **argv)
{
    const model m = models[argc > 1 ? atoi(argv[1]) : 0];
    const char *function = argc > 2 ? argv[2] : "run";
    uint8_t *in = malloc(m.in), *out = malloc(m.out), *arena = malloc(m.arena);
    float *r = malloc(m.in * sizeof *r), *y = malloc(m.out * sizeof *y);

    memset(arena, 0xaa, m.arena);
    if (strcmp(function, "run") == 0) {
        while (fread(in, 1, m.in, stdin) == m.in) {
            m.run(out, in, arena);
            fwrite(out, 1, m.out, stdout);
        }
    } else if (strcmp(function, "real") == 0) {
        while (fread(r, sizeof *r, m.in, stdin) == m.in) {
            m.quantize(in, r);
            m.run(out, in, arena);
            m.dequantize(y, out);
            fwrite(y, sizeof *y, m.out, stdout);
        }
    } else {
        while (fread(in, 1, m.in, stdin) == m.in) {
            m.pixels(in, in);
            fwrite(in, 1, m.in, stdout);
        }
    }
    free(in);
    free(out);
    free(arena);
    free(r);
    free(y);
    return 0;
}
`)
}

// Run computes outputs for inputs with a function of the i-th model: "run",
// "real" or "pixels".
func (c *Compiled) Run(i int, function string, inputs []byte) ([]byte, error) {
	cmd := exec.Command(c.command[0], append(slices.Clone(c.command[1:]), fmt.Sprint(i), function)...)
	cmd.Stdin = bytes.NewReader(inputs)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		return nil, fmt.Errorf("conformance: %s %d %s: %w\n%s", strings.Join(c.command, " "), i, function, err, complaints.Bytes())
	}
	return out, nil
}
