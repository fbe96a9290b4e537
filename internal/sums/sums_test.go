package sums

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder holds three files, one below, and their list.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "c"), 0o777); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for name, text := range map[string]string{"a": "abc", "b": "", "c/d": "d"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		write(t, path, text)
		paths = append(paths, path)
	}
	list := List{}
	if err := errors.Join(list.Put(dir, paths...), list.Write(dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// The list is in sha256sum's form; the digest of "abc" is FIPS 180-2's.
func TestForm(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(folder(t), File))
	if err != nil {
		t.Fatal(err)
	}
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n" +
		"18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4  c/d\n# SHA-256 of the lines above: "
	if rest, ok := strings.CutPrefix(string(text), want); !ok || len(rest) != 65 {
		t.Errorf("got %s", text)
	}
}

// Names that would break a line are escaped as sha256sum does, which agrees
// where it is installed.
func TestNamesAreEscaped(t *testing.T) {
	dir := folder(t)
	name := "odd\nname\\ 1"
	write(t, filepath.Join(dir, name), "odd")
	list, err := Read(dir)
	if err := errors.Join(err, list.Put(dir, filepath.Join(dir, name)), list.Write(dir)); err != nil {
		t.Fatal(err)
	}
	again, err := Read(dir)
	if err != nil || again[name] != list[name] || len(again) != 4 {
		t.Errorf("read %v, %v", again, err)
	}
	if program, err := exec.LookPath("sha256sum"); err == nil {
		cmd := exec.Command(program, "-c", "--strict", File)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func TestCheck(t *testing.T) {
	const changed = " was changed: its SHA-256 is not the one in SHA256SUMS"
	for _, tt := range []struct {
		name   string
		change func(dir string) error
		faults string // what is said, without the folder
		other  string // files that are not listed
	}{
		{"nothing", func(string) error { return nil }, "", ""},
		{"a byte", func(dir string) error { return os.WriteFile(dir+"/c/d", []byte("e"), 0o666) }, "c/d" + changed, ""},
		{"longer", func(dir string) error { return os.WriteFile(dir+"/b", []byte{0}, 0o666) }, "b" + changed, ""},
		{"gone", func(dir string) error { return os.Remove(dir + "/a") }, "a is missing: SHA256SUMS lists it", ""},
		{"a folder in its place", func(dir string) error {
			return errors.Join(os.Remove(dir+"/a"), os.Mkdir(dir+"/a", 0o777))
		}, "a is not a regular file", ""},
		{"one more", func(dir string) error { return os.WriteFile(dir+"/c/e", nil, 0o666) }, "", "c/e"},
		{"a folder to skip", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/skip", 0o777), os.WriteFile(dir+"/skip/f", nil, 0o666))
		}, "", ""},
	} {
		dir := folder(t)
		if err := tt.change(dir); err != nil {
			t.Fatal(err)
		}
		list, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		faults, strange, err := list.Check(dir, func(path string) bool { return filepath.Base(path) == "skip" })
		said := ""
		for _, f := range faults {
			said += strings.TrimPrefix(f.Error(), dir+string(filepath.Separator))
		}
		other := strings.TrimPrefix(strings.Join(strange, " "), dir+string(filepath.Separator))
		if err != nil || said != tt.faults || other != tt.other {
			t.Errorf("%s: faults %q, not listed %q, %v; want %q and %q", tt.name, said, other, err, tt.faults, tt.other)
		}
	}
}

// A list with one byte changed anywhere, longer or shorter is refused.
func TestDamagedList(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, File)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{{}, text[:len(text)-1], slices.Concat(text, []byte("\n")), slices.Concat(text, text)}
	for i := range text {
		for bit := range 8 {
			d := bytes.Clone(text)
			d[i] ^= 1 << bit
			damaged = append(damaged, d)
		}
	}
	for _, d := range damaged {
		if list, err := decode(d); err == nil {
			t.Errorf("%q is read as %v", d, list)
		}
	}
	write(t, path, string(damaged[5]))
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), path+" was changed") {
		t.Errorf("error %v", err)
	}
	if _, err := Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no list: %v", err)
	}
}

func TestDrop(t *testing.T) {
	list := List{"a": "", "pkg/x": "", "pkg/y/z": "", "pkgs": ""}
	list.Drop("run", filepath.Join("run", "pkg"))
	list.Drop("run", filepath.Join("run", "a"))
	if len(list) != 1 {
		t.Errorf("left %v, want pkgs", list)
	}
}
