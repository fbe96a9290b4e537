//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// outliveFileLimit makes a file that grows beyond the limit of `ulimit -f` an
// error of the write, as on a full disk. Else the signal would end the process
// with a trace of its goroutines.
func outliveFileLimit() { signal.Ignore(syscall.SIGXFSZ) }
