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

// list finds the pictures of all splits. A folder is "" if there is no such
// split.
func (g *gallery) list(folders [3]string) (err error) {
	if g.classes, err = g.subfolders(folders[toTrain]); err != nil {
		return err
	}
	for i, dir := range folders {
		if dir == "" {
			continue
		}
		if i > toTrain {
			if err := g.checkClasses(dir, i); err != nil {
				return err
			}
		}
		if err := g.listSplit(dir); err != nil {
			return err
		}
		g.ends[i] = len(g.paths)
	}
	return nil
}

// checkClasses refuses a class that training does not have.
func (g *gallery) checkClasses(dir string, split int) error {
	classes, err := g.subfolders(dir)
	if err != nil {
		return err
	}
	for _, name := range classes {
		if !slices.Contains(g.classes, name) {
			return fmt.Errorf("datasets: %s: class %s of the %s split does not occur in training (%s)",
				dir, name, splitName(split), clip(strings.Join(g.classes, ", ")))
		}
	}
	return nil
}

// splits finds the folders of the splits in a folder, or returns it alone, to
// be divided.
func (g *gallery) splits(dir string) (folders [3]string, err error) {
	dir = g.unwrap(dir)
	names, files, err := contents(dir)
	if err != nil {
		return folders, err
	}
	others := 0
	for _, name := range names {
		i, ok := splitOf(name)
		if !ok {
			others++
			continue
		}
		if folders[i] != "" {
			return folders, fmt.Errorf("datasets: %s: %s and %s are both the %s split", dir,
				filepath.Base(folders[i]), name, splitName(i))
		}
		folders[i] = filepath.Join(dir, name)
	}
	if folders[toTrain] == "" || folders[toValidate]+folders[toTest] == "" {
		return [3]string{toTrain: dir}, nil
	}
	g.pass(files)
	if others > 0 {
		g.passed["folders"] += others
	}
	for i, folder := range folders {
		if folder != "" {
			folders[i] = g.unwrap(folder)
		}
	}
	return folders, nil
}

// unwrap goes into a folder that holds nothing but one folder of folders, as
// archives unpack to.
func (g *gallery) unwrap(dir string) string {
	for {
		names, beside, err := contents(dir)
		if err != nil || len(names) != 1 {
			return dir
		}
		inner := filepath.Join(dir, names[0])
		folders, files, err := contents(inner)
		if err != nil || folders == nil || slices.ContainsFunc(files, isPicture) {
			return dir
		}
		g.pass(beside)
		dir = inner
	}
}

func isPicture(name string) bool { return slices.Contains(pictureForms(), extension(name)) }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// ignored says of a name that it is hidden, or one that macOS or a network
// drive adds to archives and folders.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || name == "@eaDir"
}

// contents lists what a folder holds, sorted, without what is ignored.
func contents(dir string) (folders, files []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("datasets: %w", err)
	}
	for _, e := range entries {
		switch {
		case ignored(e.Name()):
		case e.IsDir() || !e.Type().IsRegular() && isDir(filepath.Join(dir, e.Name())):
			folders = append(folders, e.Name())
		default:
			files = append(files, e.Name())
		}
	}
	return folders, files, nil
}

// subfolders lists the folders in a folder, and counts the files beside them.
func (g *gallery) subfolders(dir string) ([]string, error) {
	folders, files, err := contents(dir)
	if err != nil {
		return nil, err
	}
	if folders == nil {
		return nil, fmt.Errorf("datasets: %s: no folders of pictures, one for each class", dir)
	}
	g.pass(files)
	return folders, nil
}

// pass counts files that are not read.
func (g *gallery) pass(files []string) {
	for _, name := range files {
		g.passed[extension(name)]++
	}
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
	folders, files, err := contents(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, passed := len(g.paths), map[string]int{}
	if folders != nil {
		passed["folders"] = len(folders)
	}
	for _, name := range files {
		if !isPicture(name) {
			passed[extension(name)]++
			continue
		}
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("datasets: %w", err)
		}
		g.bytes += info.Size()
		g.paths, g.labels = append(g.paths, path), append(g.labels, label)
	}
	if len(g.paths) == before {
		return fmt.Errorf("datasets: %s: no pictures (%s) in the folder of a class; passed over: %v",
			folder, strings.Join(pictureForms(), ", "), cmp.Or(listPassed(passed), "nothing"))
	}
	for ext, n := range passed {
		g.passed[ext] += n
	}
	return nil
}
