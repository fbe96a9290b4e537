package atomicfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// OwnerFile is the file with which a process claims a folder.
const OwnerFile = "owner.json"

// Owner is this process's claim to a folder.
type Owner struct {
	path    string
	info    os.FileInfo // of the file
	release func()
}

// Own makes this process the one owner of a folder until [Owner.Release], or
// until it ends, however it ends. If another process owns the folder, the error
// names it and says what can be done.
//
// The claim is a file that is complete before a hard link gives it its name,
// which fails if there is a claim, on network file systems as well. The owner
// also holds a lock on the file; the system releases it when the process ends.
// An owner that is gone loses its claim:
//
//	it claimed on                    it is gone
//	this system, as it runs now      if the lock is free and no process has its number and beginning
//	this host, before it restarted   always
//	another host                     nobody here can know: the file must be removed by hand
func Own(folder string) (*Owner, error) {
	path := filepath.Join(folder, OwnerFile)
	for try := 0; ; try++ {
		o, err := own(path)
		if err == nil {
			if err := sweepFiles(path); err != nil {
				return nil, fmt.Errorf("atomicfile: sweep %s: %w", path, errors.Join(err, o.Release()))
			}
			return o, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("atomicfile: write %s: %w", path, named(err, path))
		}
		if again, err := evict(path); err != nil && (!again || try == 50) {
			return nil, ownedError{fmt.Errorf("atomicfile: own %s: %w", folder, err)}
		}
	}
}

// ErrOwned is the kind of the error that [Own] returns for a folder that another
// process owns, or did a moment ago.
var ErrOwned = errors.New("owned by another process")

type ownedError struct{ error }

func (e ownedError) Is(kind error) bool { return kind == ErrOwned }
func (e ownedError) Unwrap() error      { return e.error }

// own claims a folder; the error is fs.ErrExist if there is a claim.
func own(path string) (o *Owner, err error) {
	text, err := json.Marshal(myself())
	if err != nil {
		return nil, err
	}
	put := func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err }
	f, release, err := create(path)
	if err != nil {
		return nil, err
	}
	err = fill(f, put)
	if err == nil {
		err = link(f.Name(), path)
	}
	os.Remove(f.Name()) // while it is held
	if err == nil {
		return owner(path, release)
	}
	release()
	if errors.Is(err, errNoLinks) {
		return ownUnlinked(path, put)
	}
	return nil, err
}

// errNoLinks says that a file system has no hard links.
var errNoLinks = errors.New("no hard links")

// link gives a complete file its name if that is free, and otherwise returns
// fs.ErrExist. A server may have done so although its answer was lost.
func link(temp, path string) error {
	err := os.Link(temp, path)
	mine, errMine := os.Lstat(temp)
	now, errNow := os.Lstat(path)
	switch {
	case err == nil || errMine == nil && errNow == nil && os.SameFile(mine, now):
		return nil
	case errors.Is(err, fs.ErrExist):
		return err
	}
	return errNoLinks
}

// ownUnlinked is own for file systems without hard links, where a claim has its
// name a moment before it is complete.
func ownUnlinked(path string, put func(io.Writer) error) (*Owner, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	release, _ := mine(path)
	if err := fill(f, put); err != nil {
		os.Remove(path)
		release()
		return nil, err
	}
	return owner(path, release)
}

func owner(path string, release func()) (*Owner, error) {
	info, err := os.Lstat(path)
	if err != nil {
		release()
		return nil, err
	}
	return &Owner{path, info, release}, nil
}

// Check returns an error if this process no longer owns the folder: what it
// wrote now could be mixed with another process's files.
func (o *Owner) Check() error {
	now, err := os.Lstat(o.path)
	if err != nil {
		return fmt.Errorf("atomicfile: the claim to this folder is lost: %w", err)
	}
	if !os.SameFile(now, o.info) {
		return fmt.Errorf("atomicfile: the claim to this folder is lost: %s is another process's", o.path)
	}
	return nil
}

// Release gives up the folder.
func (o *Owner) Release() error {
	defer o.release()
	if err := o.Check(); err != nil {
		return err
	}
	return os.Remove(o.path)
}
