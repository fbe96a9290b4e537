//go:build !linux && !darwin

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// boot is unknown on this system.
func boot() string { return "" }

// process reports whether a process exists, but not when it began.
func process(number int) (began string, there bool) {
	p, err := os.FindProcess(number) // on Windows an error if it is not
	if err != nil {
		return "", false
	}
	defer p.Release()
	err = p.Signal(syscall.Signal(0))
	return "", err == nil || !errors.Is(err, os.ErrProcessDone)
}
