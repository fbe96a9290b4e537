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

// Strict are the warnings that exported C never causes.
var Strict = []string{"-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"}

// Toolchain is a C compiler, its flags, and a way to run its programs.
type Toolchain struct {
	Compiler string // empty: cc, or what CompilerVariable names
	Flags    []string
	Runner   []string // an emulator and its arguments; nil where the processor runs programs itself
}

// Compiled is a program of exported models, and the command that runs it.
type Compiled struct{ command []string }

// Export is a model and how it is written.
type Export struct {
	Model          *quantized.Model
	Requantization integer.Requantization
	Planes         bool // the input has channels first
	Unpacked       bool // a byte for each weight
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
		o := carray.Options{Name: name, Requantization: m.Requantization, Planes: m.Planes,
			Unpacked: m.Unpacked}
		if err := carray.Write(dir, m.Model, o); err != nil {
			return nil, err
		}
		sources = append(sources, name+".c")
	}
	text, err := program(models)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.c"), text, 0o666); err != nil {
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
	link = append(link, "-lm")
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

// Run computes outputs for inputs with a function of the i-th model: "run",
// "real", "pixels" or "listen".
func (c *Compiled) Run(i int, function string, inputs []byte) ([]byte, error) {
	cmd := exec.Command(c.command[0], append(slices.Clone(c.command[1:]), fmt.Sprint(i), function)...)
	cmd.Stdin = bytes.NewReader(inputs)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		return nil, fmt.Errorf("conformance: %s %d %s: %w\n%s", strings.Join(c.command, " "), i, function, err,
			complaints.Bytes())
	}
	return out, nil
}
