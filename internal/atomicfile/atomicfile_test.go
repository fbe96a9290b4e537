package atomicfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"petrify/internal/atomicfile"
)

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.json")
	if err := atomicfile.WriteFile(path, []byte(`{"name":"cnn"}`)); err != nil {
		fmt.Println(err)
		return
	}
	got, err := os.ReadFile(path)
	fmt.Println(string(got), err)
	// Output: {"name":"cnn"} <nil>
}

// names lists what is in a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestWriteReplacesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, content := range []string{"the first, longer content", "second"} {
		if err := atomicfile.WriteFile(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Fatalf("got %q, %v; want %q", got, err, content)
		}
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("folder holds %q, want only a", got)
	}
}

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := atomicfile.WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("source ran dry")
	err := atomicfile.Write(path, func(w io.Writer) error {
		w.Write(make([]byte, 1<<20)) // beyond the buffer: reaches the disk
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want one that names %s and wraps the cause", err, path)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the old file became %q", got)
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("folder holds %q, want only a", got)
	}
}

// The check sees the whole file, and decides whether it gets its name.
func TestCheckDecides(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	refused := errors.New("not what was promised")
	for _, want := range []error{refused, nil} {
		err := atomicfile.WriteChecked(path, func(w io.Writer) error {
			_, err := io.WriteString(w, "content")
			return err
		}, func(temp string) error {
			got, err := os.ReadFile(temp)
			if string(got) != "content" {
				t.Errorf("the check reads %q, %v", got, err)
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("got error %v, want %v", err, want)
		}
		left := ""
		if want == nil {
			left = "a"
		}
		if got := names(t, dir); got != left {
			t.Errorf("check %v: folder holds %q, want %q", want, got, left)
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, path, want string }{
		{"a folder", dir, "is a folder"},
		{"a device", os.DevNull, "is a special file"},
		{"a folder that is missing", filepath.Join(dir, "no", "file"), "no such file"},
	} {
		err := atomicfile.WriteFile(tt.path, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "atomicfile: ") {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestSymbolicLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := atomicfile.WriteFile(real, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.WriteFile(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(real); string(got) != "new" {
		t.Errorf("the link's target holds %q, want new", got)
	}
}

// Leftovers of one file are removed, and nothing else: neither other names nor
// folders.
func TestSweepRemovesLeftoversOnly(t *testing.T) {
	for name, sweep := range map[string]func(path string) error{
		"Sweep": atomicfile.Sweep,
		"Write": func(path string) error { return atomicfile.WriteFile(path, nil) },
	} {
		dir := t.TempDir()
		for _, name := range []string{".a.12-0.tmp", ".a.7-3.tmp", ".a.tmp", ".a.x.tmp", ".ab.1-0.tmp", "a",
			"a.1-0.tmp", ".a.4-4.tmp.old"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, ".a.5-5.tmp"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := sweep(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		if got, want := names(t, dir), ".a.4-4.tmp.old .a.5-5.tmp .a.tmp .a.x.tmp .ab.1-0.tmp a a.1-0.tmp"; got !=
			want {
			t.Errorf("%s left %q, want %q", name, got, want)
		}
	}
	if err := atomicfile.Sweep(filepath.Join(t.TempDir(), "missing", "a")); err != nil {
		t.Errorf("folder that is missing: %v", err)
	}
}

// TestKilledWriter kills a process that writes one file over and over: the
// file is whole at every moment.
func TestKilledWriter(t *testing.T) {
	if path := os.Getenv("ATOMICFILE_TEST_WRITE"); path != "" {
		writeForever(path)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for i := range 6 {
		child := exec.Command(os.Args[0], "-test.run=TestKilledWriter")
		child.Env = append(os.Environ(), "ATOMICFILE_TEST_WRITE="+path)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(path); err == nil {
				break
			}
		}
		time.Sleep(time.Duration(i) * 3 * time.Millisecond)
		child.Process.Kill()
		child.Wait()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1<<18 || !bytes.Equal(got, bytes.Repeat(got[:1], 1<<18)) {
			t.Fatalf("kill %d left a torn file of %d bytes", i, len(got))
		}
	}
	if err := atomicfile.WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("after the next writer the folder holds %q, want only a", got)
	}
}

func writeForever(path string) {
	for c := byte(0); ; c++ {
		if err := atomicfile.WriteFile(path, bytes.Repeat([]byte{c}, 1<<18)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
