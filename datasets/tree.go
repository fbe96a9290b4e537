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

// tree is a folder with one folder of files for each class, or such folders under
// train, validation and test.
type tree struct {
	kind    string   // of the files, such as pictures
	forms   []string // their extensions
	aside   string   // a folder that is no class; "": there is none
	classes []string
	paths   []string
	labels  []int32
	ends    [3]int         // where the files of a split end; 0 if there is none
	passed  map[string]int // files that are not read, by extension
	bytes   int64          // of all files
}

// takes reports whether a file is of the kind.
func (t *tree) takes(name string) bool { return slices.Contains(t.forms, extension(name)) }

// part is where the files of a split begin and end; ok is false if there is no such split.
func (t *tree) part(n int) (begin, end int, ok bool) {
	for _, e := range t.ends[:n] {
		begin = max(begin, e)
	}
	return begin, t.ends[n], t.ends[n] > 0
}

// list finds the files of all splits. A folder is "" if there is no such split.
func (t *tree) list(folders [3]string) (err error) {
	if t.classes, err = t.subfolders(folders[toTrain]); err != nil {
		return err
	}
	for i, dir := range folders {
		if dir == "" {
			continue
		}
		if i > toTrain {
			if err := t.checkClasses(dir, i); err != nil {
				return err
			}
		}
		if err := t.listSplit(dir); err != nil {
			return err
		}
		t.ends[i] = len(t.paths)
	}
	return nil
}

// checkClasses refuses a class that training does not have.
func (t *tree) checkClasses(dir string, split int) error {
	classes, err := t.subfolders(dir)
	if err != nil {
		return err
	}
	for _, name := range classes {
		if !slices.Contains(t.classes, name) {
			return fmt.Errorf("datasets: %s: class %s of the %s split does not occur in training (%s)",
				dir, name, splitName(split), clip(strings.Join(t.classes, ", ")))
		}
	}
	return nil
}

// splits finds the folders of the splits in a folder, or returns it alone, to
// be divided.
func (t *tree) splits(dir string) (folders [3]string, err error) {
	dir = t.unwrap(dir)
	names, files, err := contents(dir)
	if err != nil {
		return folders, err
	}
	others := 0
	for _, name := range names {
		if name == t.aside {
			continue
		}
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
	t.pass(files)
	if others > 0 {
		t.passed["folders"] += others
	}
	for i, folder := range folders {
		if folder != "" {
			folders[i] = t.unwrap(folder)
		}
	}
	return folders, nil
}

// unwrap goes into a folder that holds nothing but one folder of folders, as
// archives unpack to.
func (t *tree) unwrap(dir string) string {
	for {
		names, beside, err := contents(dir)
		if err != nil || len(names) != 1 {
			return dir
		}
		inner := filepath.Join(dir, names[0])
		folders, files, err := contents(inner)
		if err != nil || folders == nil || slices.ContainsFunc(files, t.takes) {
			return dir
		}
		t.pass(beside)
		dir = inner
	}
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
func (t *tree) subfolders(dir string) ([]string, error) {
	folders, files, err := contents(dir)
	if err != nil {
		return nil, err
	}
	folders = slices.DeleteFunc(folders, func(name string) bool { return name == t.aside })
	if len(folders) == 0 {
		return nil, fmt.Errorf("datasets: %s: no folders of %s, one for each class", dir, t.kind)
	}
	t.pass(files)
	return folders, nil
}

// pass counts files that are not read.
func (t *tree) pass(files []string) {
	for _, name := range files {
		t.passed[extension(name)]++
	}
}

// extension is a file's, in lower case.
func extension(name string) string {
	return cmp.Or(strings.ToLower(filepath.Ext(name)), "without extension")
}

// listSplit lists the folder of each class.
func (t *tree) listSplit(dir string) error {
	before := len(t.paths)
	for label, class := range t.classes {
		if err := t.listClass(filepath.Join(dir, class), int32(label)); err != nil {
			return err
		}
	}
	if len(t.paths) == before {
		return fmt.Errorf("datasets: %s: no folders of the classes", dir)
	}
	return nil
}

// listClass lists the files of a folder in the order of their names and
// counts what else there is. A split need not have a folder for each class, but
// one that it has must hold files of the kind.
func (t *tree) listClass(folder string, label int32) error {
	folders, files, err := contents(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, passed := len(t.paths), map[string]int{}
	if folders != nil {
		passed["folders"] = len(folders)
	}
	for _, name := range files {
		if !t.takes(name) {
			passed[extension(name)]++
			continue
		}
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("datasets: %w", err)
		}
		t.bytes += info.Size()
		t.paths, t.labels = append(t.paths, path), append(t.labels, label)
	}
	if len(t.paths) == before {
		return fmt.Errorf("datasets: %s: no %s (%s) in the folder of a class; passed over: %v",
			folder, t.kind, strings.Join(t.forms, ", "), cmp.Or(listPassed(passed), "nothing"))
	}
	for ext, n := range passed {
		t.passed[ext] += n
	}
	return nil
}
