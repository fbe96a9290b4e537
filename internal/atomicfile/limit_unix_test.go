//go:build unix

package atomicfile_test

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"petrify/internal/atomicfile"
)

// TestDiskLimit makes the system refuse a write partway, as a full disk does. A
// limit on the size of files replaces a full disk.
func TestDiskLimit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := atomicfile.WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // else the signal ends the process before write(2) returns
	small := old
	small.Cur = 100_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := atomicfile.WriteFile(path, make([]byte, 1<<20))
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); e != nil {
		t.Fatal(e)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got error %v, want %v", err, syscall.EFBIG)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the old file became %d bytes", len(got))
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("folder holds %q, want only a", got)
	}
}
