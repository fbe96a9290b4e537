//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// hold marks a temporary file or folder as in use until release is called or
// the process ends, however it ends. The error is errTaken if another one holds
// it, or has removed it. On file systems without such locks, hold succeeds.
func hold(name string) (release func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0) // network file systems lock what may be written
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f, err = os.Open(name) // a folder, or another user's
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	mine, errMine := f.Stat()
	now, errNow := os.Lstat(name)
	if errors.Is(err, syscall.EWOULDBLOCK) || errMine != nil || errNow != nil || !os.SameFile(mine, now) {
		f.Close()
		return nil, errTaken
	}
	return func() { f.Close() }, nil
}
