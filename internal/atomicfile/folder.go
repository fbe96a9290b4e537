package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFolder calls fill with the path of a new, empty folder and names the
// result path. A folder that had this name is replaced, in one step if the
// system can swap two names; the caller must know that it may go. If anything
// fails, path is left as it was.
//
// WriteFolder removes what killed processes left when they were writing path.
func WriteFolder(path string, fill func(folder string) error) error {
	path = filepath.Clean(path)
	if err := sweepFolders(path); err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, err)
	}
	temp, release, err := createFolder(path)
	if err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, named(err, path))
	}
	defer release()
	defer os.RemoveAll(temp) // after an exchange it is the old folder
	if err := fill(temp); err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, named(err, path))
	}
	if err := syncTree(temp); err != nil {
		return fmt.Errorf("atomicfile: write %s: flush: %w", path, named(err, path))
	}
	if err := replace(temp, path); err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, named(err, path))
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("atomicfile: write %s: flush its folder: %w", path, err)
	}
	return nil
}

// createFolder makes a new temporary folder for path, and holds it until
// release is called.
func createFolder(path string) (temp string, release func(), err error) {
	for i := 0; ; i++ {
		temp = temporary(path, i)
		err := os.Mkdir(temp, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		if release, ok := mine(temp); ok {
			return temp, release, nil
		}
	}
}

// syncTree flushes the files of a folder, and their names, to the disk.
func syncTree(folder string) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return syncFolder(path)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// replace gives the folder temp the name path.
func replace(temp, path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(temp, path)
	}
	if exchange(temp, path) == nil {
		return nil
	}
	return stepAside(temp, path)
}

// aside ends the name of a folder that another one replaces.
const aside = ".old"

// stepAside is replace without swapping. A folder cannot be renamed onto one
// that is not empty, so the old one is renamed first, and back if the rename
// fails. A process that is killed in between leaves both folders, complete,
// under hidden names.
func stepAside(temp, path string) error {
	if err := os.Rename(path, temp+aside); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Rename(temp+aside, path))
	}
	return os.RemoveAll(temp + aside)
}
