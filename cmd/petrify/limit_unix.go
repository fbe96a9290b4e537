//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// outliveFileLimit turns exceeding the file size of `ulimit -f` into a write
// error, as on a full disk. Otherwise the signal would end the process with a
// trace of its goroutines.
func outliveFileLimit() { signal.Ignore(syscall.SIGXFSZ) }
