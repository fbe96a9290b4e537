package atomicfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/atomicfile"
)

// put fills a folder with one file and a folder of another.
func put(content string) func(folder string) error {
	return func(folder string) error {
		if err := os.Mkdir(filepath.Join(folder, "data"), 0o777); err != nil {
			return err
		}
		return errors.Join(
			os.WriteFile(filepath.Join(folder, "list"), []byte(content), 0o666),
			os.WriteFile(filepath.Join(folder, "data", "weights"), []byte(content), 0o666))
	}
}

// held is the content of a folder that put has filled.
func held(folder string) string {
	list, _ := os.ReadFile(filepath.Join(folder, "list"))
	weights, _ := os.ReadFile(filepath.Join(folder, "data", "weights"))
	return string(list) + " " + string(weights)
}

func TestWriteFolderReplacesTheOldFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, content := range []string{"first", "second"} {
		if err := atomicfile.WriteFolder(path, put(content)); err != nil {
			t.Fatal(err)
		}
		if got, want := held(path), content+" "+content; got != want {
			t.Errorf("the folder holds %q, want %q", got, want)
		}
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("next to it: %q", got)
	}
}

func TestFailedWriteFolderLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := atomicfile.WriteFolder(path, put("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("source ran dry")
	err := atomicfile.WriteFolder(path, func(folder string) error { return errors.Join(put("new")(folder), broken) })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "atomicfile: write "+path+": ") {
		t.Errorf("got error %v, want one that names %s and wraps the cause", err, path)
	}
	if got := held(path) + " " + names(t, dir); got != "old old a" {
		t.Errorf("left %q", got)
	}
	if err := atomicfile.WriteFolder(filepath.Join(dir, "no", "a"), put("")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is missing: %v", err)
	}
}

// A writer leaves others' temporary files alone, even in the same process.
func TestWritersOfOnePathLeaveEachOtherAlone(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	err := atomicfile.WriteFolder(folder, func(temp string) error {
		return errors.Join(put("slow")(temp), atomicfile.WriteFolder(folder, put("quick")))
	})
	if got := held(folder); err != nil || got != "slow slow" {
		t.Errorf("the folder holds %q, %v", got, err)
	}
	f, release, err := atomicfile.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	defer f.Close()
	if err := errors.Join(atomicfile.WriteFile(file, nil), atomicfile.Sweep(file)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Name()); err != nil {
		t.Errorf("a file that is being written was swept away: %v", err)
	}
}

// On systems that cannot swap two names.
func TestStepAside(t *testing.T) {
	dir := t.TempDir()
	path, temp := filepath.Join(dir, "a"), filepath.Join(dir, ".a.1-0.tmp")
	for folder, content := range map[string]string{path: "old", temp: "new"} {
		if err := errors.Join(os.Mkdir(folder, 0o777), put(content)(folder)); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.StepAside(temp, path); err != nil || held(path) != "new new" || names(t, dir) != "a" {
		t.Errorf("%v: %q among %q", err, held(path), names(t, dir))
	}
	if err := atomicfile.StepAside(temp, path); err == nil || held(path) != "new new" || names(t, dir) != "a" {
		t.Errorf("without a new folder: %v: %q among %q", err, held(path), names(t, dir))
	}
}

// A folder that stepped aside is the last copy until its place is taken.
func TestOldFolderIsSweptWhenItsPlaceIsTaken(t *testing.T) {
	dir := t.TempDir()
	path, old := filepath.Join(dir, "a"), filepath.Join(dir, ".a.1-0.tmp.old")
	if err := os.Mkdir(old, 0o777); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{".a.1-0.tmp.old a", "a"} {
		if err := atomicfile.WriteFolder(path, put("")); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); got != want {
			t.Errorf("after %d: %q, want %q", i, got, want)
		}
	}
}
