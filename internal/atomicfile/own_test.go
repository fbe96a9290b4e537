package atomicfile_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/atomicfile"
)

// mustOwn claims a folder.
func mustOwn(t *testing.T, folder string) *atomicfile.Owner {
	t.Helper()
	o, err := atomicfile.Own(folder)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// claimOf reads a folder's claim, with its members by name.
func claimOf(t *testing.T, folder string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, atomicfile.OwnerFile))
	if err != nil {
		t.Fatal(err)
	}
	c := map[string]any{}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFolderHasOneOwner(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		o := mustOwn(t, folder)
		if err := o.Check(); err != nil {
			t.Error(err)
		}
		c := claimOf(t, folder)
		_, err := atomicfile.Own(folder)
		for _, part := range []any{"atomicfile: own " + folder + ": process ", os.Getpid(), c["host"], c["since"],
			"wait until it ends"} {
			if err == nil || !strings.Contains(err.Error(), strings.Trim(string(must(json.Marshal(part))), `"`)) {
				t.Errorf("the second claim: %v: want %v", err, part)
			}
		}
		if err := o.Release(); err != nil || names(t, folder) != "" {
			t.Errorf("released: %v, %q is left", err, names(t, folder))
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// Whose claim is taken over.
func TestClaimThatIsLeft(t *testing.T) {
	folder := t.TempDir()
	o := mustOwn(t, folder)
	mine := claimOf(t, folder)
	if err := o.Release(); err != nil {
		t.Fatal(err)
	}
	with := func(changes map[string]any) string {
		c := map[string]any{}
		for _, m := range []map[string]any{mine, changes} {
			for k, v := range m {
				c[k] = v
			}
		}
		return string(must(json.Marshal(c)))
	}
	const dead = 1 << 30 // no system numbers its processes so high
	for _, tt := range []struct{ name, claim, says string }{
		{"a process that is there", with(nil), " has owned it since "},
		{"a dead process", with(map[string]any{"process": dead}), ""},
		{"another process of that number", with(map[string]any{"began": "17"}), ""},
		{"a dead process in a container", with(map[string]any{"process": dead, "host": "container"}), ""},
		{"this host before it restarted", with(map[string]any{"boot": "an older one"}), ""},
		{"another host", with(map[string]any{"host": "node7", "boot": "other"}),
			"on node7 has owned it since " + mine["since"].(string) +
				", and cannot be asked from here: if it has ended, remove " + filepath.Join(folder, "owner.json")},
		{"another host of this name", with(map[string]any{"machine": "other", "boot": "other"}),
			"cannot be asked from here"},
		{"garbage", "\x00\x01", "owner.json names no owner: remove it if no process uses the folder"},
		{"nothing", "", "names no owner"},
		{"half a claim", with(nil)[:20], "names no owner"},
		{"other JSON", "[1]", "names no owner"},
	} {
		if err := os.WriteFile(filepath.Join(folder, atomicfile.OwnerFile), []byte(tt.claim), 0o666); err != nil {
			t.Fatal(err)
		}
		o, err := atomicfile.Own(folder)
		switch {
		case tt.says == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v: want %q", tt.name, err, tt.says)
		case tt.says != "":
			if left, _ := os.ReadFile(filepath.Join(folder, atomicfile.OwnerFile)); string(left) != tt.claim {
				t.Errorf("%s: the claim became %q", tt.name, left)
			}
		}
		if o != nil {
			o.Release()
		}
	}
	os.Remove(filepath.Join(folder, atomicfile.OwnerFile))
	if left := names(t, folder); left != "" {
		t.Errorf("%q is left", left)
	}
}

// Where there are no hard links.
func TestOwnUnlinked(t *testing.T) {
	folder := t.TempDir()
	o := mustOwn(t, folder)
	path := filepath.Join(folder, atomicfile.OwnerFile)
	claim, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(w io.Writer) error { _, err := w.Write(claim); return err }
	if _, err := atomicfile.OwnUnlinked(path, put); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a folder with an owner: %v, want %v", err, fs.ErrExist)
	}
	if err := o.Release(); err != nil {
		t.Fatal(err)
	}
	if o, err = atomicfile.OwnUnlinked(path, put); err != nil {
		t.Fatal(err)
	}
	if _, err := atomicfile.Own(folder); err == nil || !strings.Contains(err.Error(), "has owned it since") {
		t.Errorf("a second claim: %v", err)
	}
	if err := o.Release(); err != nil || names(t, folder) != "" {
		t.Errorf("released: %v, %q is left", err, names(t, folder))
	}
}

// An owner notices that it no longer owns the folder.
func TestLostClaim(t *testing.T) {
	folder := t.TempDir()
	first := mustOwn(t, folder)
	if err := os.Remove(filepath.Join(folder, atomicfile.OwnerFile)); err != nil {
		t.Fatal(err)
	}
	if err := first.Check(); err == nil || !strings.Contains(err.Error(), "claim to this folder is lost") {
		t.Errorf("removed: %v", err)
	}
	second := mustOwn(t, folder)
	if err := first.Check(); err == nil || !strings.Contains(err.Error(), "owner.json is another process's") {
		t.Errorf("replaced: %v", err)
	}
	if err := first.Release(); err == nil || second.Check() != nil {
		t.Errorf("the old owner gave the new one's folder up: %v", err)
	}
	if err := second.Release(); err != nil {
		t.Error(err)
	}
}

func TestFolderThatCannotBeOwned(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := atomicfile.Own(missing); err == nil || !strings.Contains(err.Error(), "atomicfile: write "+missing) {
		t.Errorf("got %v", err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, atomicfile.OwnerFile), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := atomicfile.Own(folder); err == nil || !strings.Contains(err.Error(), "owner.json") {
		t.Errorf("a folder in its place: %v", err)
	}
}
