package datasets

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// list finds the pictures of both splits.
func (g *gallery) list(trainDir, testDir string) (err error) {
	if g.classes, err = g.subfolders(trainDir); err != nil {
		return err
	}
	if err := g.listSplit(trainDir); err != nil {
		return err
	}
	g.trained = len(g.paths)
	if testDir == "" {
		return nil
	}
	classes, err := g.subfolders(testDir)
	if err != nil {
		return err
	}
	for _, name := range classes {
		if !slices.Contains(g.classes, name) {
			return fmt.Errorf("datasets: %s: class %s does not occur in training (%s)",
				testDir, name, clip(strings.Join(g.classes, ", ")))
		}
	}
	return g.listSplit(testDir)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// ignored says of a name that it is hidden, or one that macOS or a network
// drive adds to archives and folders.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || name == "@eaDir"
}

// subfolders lists the classes, sorted, and counts the files beside them.
func (g *gallery) subfolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	var names []string
	for _, e := range entries {
		switch {
		case ignored(e.Name()):
		case isDir(filepath.Join(dir, e.Name())):
			names = append(names, e.Name())
		default:
			g.account.Passed[extension(e.Name())]++
		}
	}
	if names == nil {
		return nil, fmt.Errorf("datasets: %s: no folders of pictures, one for each class", dir)
	}
	return names, nil
}

// extension is a file's, in lower case.
func extension(name string) string {
	return cmp.Or(strings.ToLower(filepath.Ext(name)), "without extension")
}

// listSplit lists the folder of each class.
func (g *gallery) listSplit(dir string) error {
	before := len(g.paths)
	for label, class := range g.classes {
		if err := g.listClass(filepath.Join(dir, class), int32(label)); err != nil {
			return err
		}
	}
	if len(g.paths) == before {
		return fmt.Errorf("datasets: %s: no folders of the classes", dir)
	}
	return nil
}

// listClass lists the pictures of a folder in the order of their names and
// counts what else there is. A split need not have a folder for each class, but
// one that it has must hold pictures.
func (g *gallery) listClass(folder string, label int32) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("datasets: %w", err)
	}
	before, passed := len(g.paths), map[string]int{}
	for _, e := range entries {
		ext := extension(e.Name())
		switch {
		case ignored(e.Name()):
			continue
		case e.IsDir():
			passed["folders"]++
			continue
		case !slices.Contains(pictureForms(), ext):
			passed[ext]++
			continue
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("datasets: %w", err)
		}
		g.bytes += info.Size()
		g.paths, g.labels = append(g.paths, filepath.Join(folder, e.Name())), append(g.labels, label)
	}
	if len(g.paths) == before {
		return fmt.Errorf("datasets: %s: no pictures (%s) in the folder of a class; passed over: %v",
			folder, strings.Join(pictureForms(), ", "), cmp.Or(listPassed(passed), "nothing"))
	}
	for ext, n := range passed {
		g.account.Passed[ext] += n
	}
	return nil
}
