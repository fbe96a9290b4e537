//go:build linux || darwin

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exports are the formats of one file or folder, with its name.
func exports() map[string]string {
	return map[string]string{"onnx": "model.onnx", "coreml": "model.mlpackage"}
}

// exporting prepares a run and returns a function that starts an export into a
// folder, and the result of an undisturbed one.
func exporting(t *testing.T, format, file string) (start func(folder string) *exec.Cmd, want map[string]string) {
	t.Helper()
	out, folder := filepath.Join(t.TempDir(), "run"), t.TempDir()
	finished(t, briefly(out)...)
	args := func(folder string) []string {
		return []string{"export", out, "--format", format, "--out", filepath.Join(folder, file)}
	}
	finished(t, args(folder)...)
	return func(folder string) *exec.Cmd {
		cmd := exec.Command("petrify", args(folder)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}, tree(t, folder)
}

// tree is all files in a folder with their contents.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		all[name] = ""
		if e.Type().IsRegular() {
			content, err := os.ReadFile(path)
			all[name] = string(content)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// However soon an export is interrupted, it is whole or absent, and nothing is
// next to it. The exit code says which.
func TestInterruptedExportIsWholeOrAbsent(t *testing.T) {
	formats := exports()
	formats["c"] = "net.h" // one of three files
	for format, file := range formats {
		start, want := exporting(t, format, file)
		for i := range 20 {
			signal, code := syscall.SIGINT, exitInterrupted
			if i%2 == 1 {
				signal, code = syscall.SIGTERM, exitTerminated
			}
			folder := t.TempDir()
			cmd := start(folder)
			time.Sleep(time.Duration(i) * time.Millisecond)
			cmd.Process.Signal(signal) // it may have ended
			cmd.Wait()
			got, ended := tree(t, folder), cmd.ProcessState
			killed := ended.Sys().(syscall.WaitStatus).Signal() == signal // before it attends to signals, or after
			switch whole := reflect.DeepEqual(got, want); {
			case len(got) > 0 && !whole:
				t.Errorf("%s, %v after %d ms: %v left %v", format, signal, i, ended, files(t, folder))
			case !killed && whole != (ended.ExitCode() == exitOK):
				t.Errorf("%s, %v after %d ms: %v, whole: %v", format, signal, i, ended, whole)
			case !killed && !whole && ended.ExitCode() != code:
				t.Errorf("%s, %v after %d ms: %v, want exit code %d", format, signal, i, ended, code)
			}
		}
	}
}

// A killed export leaves nothing under the final name. The next export to the
// same place removes what it left under hidden names, and nothing else.
func TestKilledExportIsSwept(t *testing.T) {
	for format, file := range exports() {
		start, want := exporting(t, format, file)
		folder := t.TempDir()
		for i := 0; len(files(t, folder)) == 0; i++ {
			if i == 500 {
				t.Fatalf("%s: none of 500 kills met an export that was writing", format)
			}
			cmd := start(folder)
			ended := make(chan struct{})
			go func() { cmd.Wait(); close(ended) }()
			killOnce(t, cmd.Process, folder, ended)
			<-ended
			if err := os.RemoveAll(filepath.Join(folder, file)); err != nil { // it was quicker
				t.Fatal(err)
			}
		}
		left := files(t, folder)
		if len(left) != 1 || !strings.HasPrefix(left[0], "."+file+".") || !strings.HasSuffix(left[0], ".tmp") {
			t.Errorf("%s: the killed export left %v", format, left)
		}
		others := []string{"." + file, "." + file + ".1-0", "." + file + ".mine.tmp", ".other.1-0.tmp"}
		for _, name := range others {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if start(folder).Wait() != nil {
			t.Fatalf("%s: the next export failed", format)
		}
		got := tree(t, folder)
		for _, name := range others {
			if got[name] != name {
				t.Errorf("%s: %s is gone", format, name)
			}
			delete(got, name)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: after the next export there is %v", format, files(t, folder))
		}
	}
}

// killOnce kills the process when it has begun to write into the folder.
func killOnce(t *testing.T, p *os.Process, folder string, ended chan struct{}) {
	t.Helper()
	for {
		select {
		case <-ended:
			return
		default:
		}
		if len(files(t, folder)) > 0 {
			p.Kill() // it may have ended
			return
		}
	}
}
