//go:build linux || darwin

package atomicfile_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"petrify/internal/atomicfile"
)

// Many claim one folder at the same time, and owners die again and again. There
// is never more than one owner.
func TestClaimsAtTheSameTime(t *testing.T) {
	folder := t.TempDir()
	var owners, claims atomic.Int32
	var all sync.WaitGroup
	begin := time.Now()
	for range 8 {
		all.Go(func() {
			for claims.Load() < 300 {
				if time.Since(begin) > 30*time.Second {
					t.Error("the folder stays its dead owner's")
					return
				}
				o, err := atomicfile.Own(folder)
				if err != nil {
					if !strings.Contains(err.Error(), "has owned it since") {
						t.Error(err)
						return
					}
					continue
				}
				if n := owners.Add(1); n != 1 {
					t.Errorf("%d owners", n)
				}
				die(t, folder)
				owners.Add(-1)
				atomicfile.Unlock(o)
				claims.Add(1)
			}
		})
	}
	all.Wait()
}

// die turns a claim, in place, into that of another process with the same
// number.
func die(t *testing.T, folder string) {
	path := filepath.Join(folder, atomicfile.OwnerFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), int64(bytes.Index(text, []byte(`"began":"`))+9)); err != nil {
		t.Error(err)
	}
}

// A stopped process still owns its folder; a killed one does not, even before
// its exit code is read.
func TestOwnerThatIsStoppedAndKilled(t *testing.T) {
	if folder := os.Getenv("ATOMICFILE_TEST_OWN"); folder != "" {
		mustOwn(t, folder)
		time.Sleep(time.Minute)
	}
	folder := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=TestOwnerThatIsStoppedAndKilled")
	child.Env = append(os.Environ(), "ATOMICFILE_TEST_OWN="+folder)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); names(t, folder) != atomicfile.OwnerFile && time.Since(begin) < 10*time.Second; {
		time.Sleep(time.Millisecond)
	}
	child.Process.Signal(syscall.SIGSTOP)
	if _, err := atomicfile.Own(folder); err == nil || !strings.Contains(err.Error(), " has owned it since ") {
		t.Errorf("the owner is stopped: %v", err)
	}
	child.Process.Kill()
	var err error
	for begin := time.Now(); time.Since(begin) <
		10*time.Second; time.Sleep(time.Millisecond) { // until the signal arrives
		var o *atomicfile.Owner
		if o, err = atomicfile.Own(folder); err == nil {
			err = o.Release()
			break
		}
	}
	if err != nil || names(t, folder) != "" {
		t.Errorf("the owner is dead: %v, %q is left", err, names(t, folder))
	}
	child.Wait() // its error is that it was killed
}
