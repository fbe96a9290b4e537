package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Sweep removes the temporary files that killed processes left when they were
// writing path. [Write] and [WriteFolder] do so too.
func Sweep(path string) error {
	path, err := target(path)
	if err != nil {
		return fmt.Errorf("atomicfile: sweep %s: %w", path, err)
	}
	if err := sweepFiles(path); err != nil {
		return fmt.Errorf("atomicfile: sweep %s: %w", path, err)
	}
	return nil
}

// sweepFiles removes temporary files of path.
func sweepFiles(path string) error {
	return sweep(path, func(e os.DirEntry, base string) bool {
		return e.Type().IsRegular() && isTemporary(e.Name(), base)
	})
}

// sweepFolders removes temporary folders of path, and old ones that stepped
// aside for it.
func sweepFolders(path string) error {
	_, err := os.Lstat(path)
	return sweep(path, func(e os.DirEntry, base string) bool {
		name, stepped := strings.CutSuffix(e.Name(), aside)
		return e.IsDir() && isTemporary(name, base) && (!stepped || err == nil)
	})
}

// sweep removes the chosen entries of path's folder, unless a process still
// holds them. A folder that may be written but not read is left as it is.
func sweep(path string, chosen func(e os.DirEntry, base string) bool) error {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !chosen(e, base) {
			continue
		}
		release, err := hold(dir + e.Name())
		if err != nil {
			continue
		}
		err = os.RemoveAll(dir + e.Name())
		release()
		if err != nil {
			return err
		}
	}
	return nil
}

// errTaken reports that a temporary file belongs to another process.
var errTaken = errors.New("is in use")

// mine holds a new temporary file or folder. It reports false if another
// process has already taken it for a leftover. Under a umask that keeps the
// owner from reading, nothing can be held or swept.
func mine(name string) (release func(), ok bool) {
	release, err := hold(name)
	if err != nil {
		release = func() {}
	}
	return release, !errors.Is(err, errTaken)
}

// temporary is the i-th name for a temporary file or folder of path.
func temporary(path string, i int) string {
	dir, base := filepath.Split(path)
	return fmt.Sprintf("%s.%s.%d-%d.tmp", dir, base, os.Getpid(), i)
}

// isTemporary reports whether name is one that temporary makes for base.
func isTemporary(name, base string) bool {
	middle, ok := strings.CutPrefix(name, "."+base+".")
	if !ok {
		return false
	}
	middle, ok = strings.CutSuffix(middle, ".tmp")
	return ok && middle != "" && strings.Trim(middle, "0123456789-") == ""
}
