package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
)

// TestEveryMutantCompiles: the tests never see one that does not. Most are tried on other
// days than those on which the program is changed.
func TestEveryMutantCompiles(t *testing.T) {
	check := newChecker(t)
	for _, m := range mutants {
		text, err := m.broken(root)
		if err != nil {
			continue // TestEveryMutantFits says so
		}
		if path.Ext(m.file) != ".go" {
			continue // such a file is embedded
		}
		if err := check.with(m.file, text); err != nil {
			t.Errorf("%q → %q does not compile: %v", m.old, m.new, err)
		}
	}
	if err := check.with("train/metric.go", "package train\n\nvar x int = \"\"\n"); err == nil {
		t.Error("an assignment of a string to an int compiles")
	}
}

const root = "../.."

// A checker has the types of the module's packages.
type checker struct {
	set     *token.FileSet
	imports types.Importer
	files   map[string]map[string]*ast.File // by folder and path
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles,Module", "./...")
	list.Dir = root
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	output, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{set: token.NewFileSet(), files: map[string]map[string]*ast.File{}}
	exports := map[string]string{}
	for packages := json.NewDecoder(bytes.NewReader(output)); ; {
		var p struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
			Module                  *struct{ Main bool }
		}
		if err := packages.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if p.Module == nil || !p.Module.Main {
			continue
		}
		folder, err := filepath.Rel(module, p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.ToSlash(folder)
		c.files[folder] = map[string]*ast.File{}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(c.set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.files[folder][path.Join(folder, name)] = file
		}
	}
	c.imports = importer.ForCompiler(c.set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return c
}

// with checks the package of a file that has another text.
func (c *checker) with(file, text string) error {
	files := c.files[path.Dir(file)]
	if files[file] == nil {
		return errors.New("no such file in this package")
	}
	changed, err := parser.ParseFile(c.set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	all := []*ast.File{changed}
	for path, other := range files {
		if path != file {
			all = append(all, other)
		}
	}
	conf := types.Config{Importer: c.imports, Sizes: types.SizesFor("gc", "amd64")}
	_, err = conf.Check(path.Dir(file), c.set, all, nil)
	return err
}
