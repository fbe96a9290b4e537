package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Write calls write with a buffered writer and names the result path. The file
// has the permissions of a new file (0666 minus the umask). If anything fails,
// path is left as it was.
//
// A path that exists and is not a regular file, such as a device or a folder,
// is refused: the rename would replace it. A symbolic link is followed. Write
// removes what killed processes left when they were writing path.
func Write(path string, write func(w io.Writer) error) error {
	return WriteChecked(path, write, func(string) error { return nil })
}

// WriteChecked is [Write], but gives the file its name only if check, called
// with the path of the complete temporary file, returns no error.
func WriteChecked(path string, write func(w io.Writer) error, check func(temp string) error) error {
	path, err := target(path)
	if err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, err)
	}
	if err := sweepFiles(path); err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, err)
	}
	f, release, err := create(path)
	if err != nil {
		return fmt.Errorf("atomicfile: write %s: %w", path, named(err, path))
	}
	defer release()
	err = fill(f, write)
	if err == nil {
		err = check(f.Name())
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("atomicfile: write %s: %w", path, named(err, path))
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("atomicfile: write %s: flush its folder: %w", path, err)
	}
	return nil
}

// WriteFile is [Write] for bytes in memory.
func WriteFile(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// target is path with symbolic links followed, or an error if something that
// is not a regular file has that name.
func target(path string) (string, error) {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return path, nil
	case err != nil:
		return path, err
	case !info.Mode().IsRegular():
		return path, fmt.Errorf("is a %s, not a regular file", kind(info.Mode()))
	}
	return path, nil
}

func kind(m os.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "special file"
}

// named is err with path in place of the temporary name, which means nothing to
// a user.
func named(err error, path string) error {
	var one *fs.PathError
	if errors.As(err, &one) {
		if rest, ok := permanent(one.Path, path); ok && rest == "" {
			return one.Err
		} else if ok {
			return &fs.PathError{Op: one.Op, Path: path + rest, Err: one.Err}
		}
	}
	var two *os.LinkError
	if errors.As(err, &two) {
		if _, ok := permanent(two.Old, path); ok {
			return two.Err
		}
	}
	return err
}

// permanent reports whether name is a temporary file or folder of path, or
// inside one, and returns the rest of the name.
func permanent(name, path string) (rest string, ok bool) {
	dir, base := filepath.Split(path)
	inside, ok := strings.CutPrefix(name, dir)
	first, rest, found := strings.Cut(inside, string(filepath.Separator))
	if found {
		rest = string(filepath.Separator) + rest
	}
	return rest, ok && isTemporary(first, base)
}

// create opens a new temporary file for path, and holds it until release is
// called. O_EXCL makes sure that it is new; os.CreateTemp would give it mode
// 0600 whatever the umask.
func create(path string) (f *os.File, release func(), err error) {
	for i := 0; ; i++ {
		f, err = os.OpenFile(temporary(path, i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		release, ok := mine(f.Name())
		if ok && isNamed(f) {
			return f, release, nil
		}
		release()
		f.Close() // another process may have taken it for a leftover and removed it, and a third one made its own
	}
}

// isNamed reports whether a file still has its name.
func isNamed(f *os.File) bool {
	mine, err := f.Stat()
	now, errNow := os.Lstat(f.Name())
	return err == nil && errNow == nil && os.SameFile(mine, now)
}

// fill writes, flushes to the disk and closes f; it reports the first error.
func fill(f *os.File, write func(w io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes the rename itself durable. Windows has no such call, and
// some network file systems refuse it; there nothing more can be done.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
