package arch

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "petrify"
	all    = "everything"
)

// rules are the two tables of the design: what a folder may import of this
// module, and the only places a foreign module may be imported from.
type rules struct {
	folders map[string][]string
	modules map[string][]string
}

func TestImportsFollowTheDesign(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, "docs/design.md"))
	if err != nil {
		t.Fatal(err)
	}
	r := parseRules(string(document))
	if len(r.folders) < 10 || len(r.modules) < 3 {
		t.Fatalf("docs/design.md: read %d folders and %d modules, the tables must have moved", len(r.folders),
			len(r.modules))
	}
	for _, file := range sources(t) {
		for _, imported := range imports(t, file) {
			if err := r.check(file, imported); err != nil {
				t.Error(err)
			}
		}
	}
}

// The rules must reject what they are meant to reject, or the test above proves
// nothing.
func TestRulesRejectForbiddenEdges(t *testing.T) {
	r := parseRules(`
| folder | what it is for | imports |
| --- | --- | --- |
| ` + "`low`" + ` | … | – |
| ` + "`high`" + ` | … | ` + "`low`" + ` |
| ` + "`high/above`" + ` | … | ` + "`high`" + ` |
| ` + "`top`" + ` | … | everything |

| module | only in |
| --- | --- |
| ` + "`example.org/terminal`" + ` | ` + "`top`, `high/one.go`" + ` |
`)
	for _, c := range []struct {
		file, imported string
		allowed        bool
	}{
		{"high/a.go", "petrify/low", true},
		{"low/a.go", "petrify/high", false},
		{"high/a.go", "petrify/high/inner", true},
		{"high/a.go", "petrify/high/above", false},
		{"high/above/a.go", "petrify/high/inner", true},
		{"high/above/a.go", "petrify/low", false},
		{"top/inner/a.go", "petrify/high/above", true},
		{"stranger/a.go", "petrify/low", false},
		{"high/a.go", "petrify/stranger", false},
		{"top/a.go", "example.org/terminal/inner", true},
		{"high/one.go", "example.org/terminal", true},
		{"high/two.go", "example.org/terminal", false},
		{"high/two.go", "example.org/terminals", true},
		{"low/a.go", "fmt", true},
	} {
		err := r.check(c.file, c.imported)
		if (err == nil) != c.allowed {
			t.Errorf("%s imports %s: allowed %v, want %v", c.file, c.imported, err == nil, c.allowed)
		}
	}
}

// check returns an error if file, a path relative to the root of the module,
// must not import the given package.
func (r rules) check(file, imported string) error {
	for foreign, places := range r.modules {
		if within(imported, foreign) && !slices.ContainsFunc(places,
			func(place string) bool { return within(file, place) }) {
			return fmt.Errorf("%s imports %s, which docs/design.md allows only in %s", file, imported,
				strings.Join(places, ", "))
		}
	}
	target, own := strings.CutPrefix(imported, module+"/")
	if !own {
		return nil
	}
	from, to := r.row(path.Dir(file)), r.row(target)
	switch allowed := r.folders[from]; {
	case from == "":
		return fmt.Errorf("%s: docs/design.md has no row for its folder", file)
	case to == "":
		return fmt.Errorf("%s imports %s, for which docs/design.md has no row", file, imported)
	case from == to, slices.Contains(allowed, all), slices.Contains(allowed, to):
		return nil
	default:
		return fmt.Errorf("%s imports %s: docs/design.md allows %s no edge to %s", file, imported, from, to)
	}
}

// row is the longest folder of the table that contains the given one.
func (r rules) row(folder string) string {
	longest := ""
	for row := range r.folders {
		if within(folder, row) && len(row) > len(longest) {
			longest = row
		}
	}
	return longest
}

func within(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// parseRules reads the rows of the Markdown tables whose headers are
// "folder … imports" and "module … only in".
func parseRules(document string) rules {
	r := rules{map[string][]string{}, map[string][]string{}}
	var table map[string][]string
	for line := range strings.Lines(document) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		first, last := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[len(cells)-1])
		switch {
		case len(cells) < 2:
			table = nil
		case first == "folder" && last == "imports":
			table = r.folders
		case first == "module" && last == "only in":
			table = r.modules
		case table != nil && strings.HasPrefix(first, "`"):
			table[strings.Trim(first, "`")] = names(last)
		}
	}
	return r
}

// names lists the words of a cell such as "`a`, `b`", "–" or "everything".
func names(cell string) []string {
	var list []string
	for word := range strings.SplitSeq(cell, ",") {
		if word = strings.Trim(strings.TrimSpace(word), "`"); word != "–" {
			list = append(list, word)
		}
	}
	return list
}

// sources lists the module's Go files that are not tests, for every platform
// and build tag, relative to its root.
func sources(t *testing.T) []string {
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && ignored(name, base):
			return fs.SkipDir
		case strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go"):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// ignored reports whether the go command also skips a folder.
func ignored(name, base string) bool {
	_, err := os.Stat(filepath.Join(root, name, "go.mod"))
	return err == nil || base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_'
}

func imports(t *testing.T, file string) []string {
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	return list
}
