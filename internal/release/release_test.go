package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// An archive depends only on names and contents.
func TestArchivesAreReproducible(t *testing.T) {
	files := []file{{name: "petrify", data: []byte("program"), program: true}, {name: "LICENSE", data: []byte("text")}}
	const want = "p/LICENSE -rw-r--r-- text, p/petrify -rwxr-xr-x program"
	for _, zipped := range []bool{false, true} {
		a, err := pack("p", zipped, files, noon)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(files)
		b, err := pack("p", zipped, files, noon)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.data, b.data) {
			t.Errorf("%s depends on the order of its files", a.name)
		}
		read := readTar
		if zipped {
			read = readZip
		}
		if got := strings.Join(read(t, a.data), ", "); got != want {
			t.Errorf("%s holds %s, want %s", a.name, got, want)
		}
	}
}

func readTar(t *testing.T, data []byte) (entries []string) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(noon) || h.Uname+h.Gname != "" || h.Uid+h.Gid != 0 {
			t.Errorf("%s: time %v, owner %q %d, group %q %d", h.Name, h.ModTime, h.Uname, h.Uid, h.Gname, h.Gid)
		}
		entries = append(entries, fmt.Sprintf("%s %v %s", h.Name, h.FileInfo().Mode(), text))
	}
}

func readZip(t *testing.T, data []byte) (entries []string) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !f.Modified.Equal(noon) {
			t.Errorf("%s: time %v", f.Name, f.Modified)
		}
		entries = append(entries, fmt.Sprintf("%s %v %s", f.Name, f.Mode(), text))
	}
	return entries
}

func TestLegalFilesTravel(t *testing.T) {
	const apache = "Apache License\n    Version 2.0, January 2004"
	root := fstest.MapFS{}
	for _, name := range []string{
		"LICENSE.txt", "NOTICE", "PATENTS", "THIRD_PARTY_LICENSES/Boost", "README", "a/LICENSE", "unlicensed.go",
	} {
		root[name] = &fstest.MapFile{Data: []byte(apache)}
	}
	var m module
	if err := m.read(root); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range m.texts {
		names = append(names, f.name)
	}
	want := []string{"LICENSE.txt", "NOTICE", "PATENTS", "THIRD_PARTY_LICENSES/Boost"}
	if !slices.Equal(names, want) || m.license != "Apache-2.0" {
		t.Errorf("got %v under %s, want %v under Apache-2.0", names, m.license, want)
	}
}

func TestUnknownLicensesAreRefused(t *testing.T) {
	for name, root := range map[string]fstest.MapFS{
		"none":    {"README": {Data: []byte("text")}},
		"unknown": {"LICENSE": {Data: []byte("GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007")}},
	} {
		var m module
		if err := m.read(root); err == nil {
			t.Errorf("%s: taken for %s", name, m.license)
		}
	}
}

// Licences that everybody knows: Go's, and petrify's.
func TestKnownLicenses(t *testing.T) {
	goroot, err := run(nil, "go", "env", "GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{goroot: "BSD-3-Clause", "../..": "Apache-2.0"} {
		var m module
		if err := m.read(os.DirFS(folder)); err != nil || m.license != want {
			t.Errorf("%s: got %q, %v, want %s", folder, m.license, err, want)
		}
	}
}

func TestBillNamesModulesAsAdvisoriesDo(t *testing.T) {
	text, err := bill("petrify_v1_linux_arm", commit{"v1", noon}, []module{
		{path: "stdlib", version: "go1.26.8", license: "BSD-3-Clause"},
		{path: "example.org/a", version: "v2.0.3+incompatible", sum: "h1:x=", license: "MIT"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Metadata   metadata
		Components []component
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, c := range b.Components {
		urls = append(urls, c.URL)
	}
	want := []string{"pkg:golang/stdlib@1.26.8", "pkg:golang/example.org/a@v2.0.3%2Bincompatible"}
	if !slices.Equal(urls, want) {
		t.Errorf("got %v, want %v", urls, want)
	}
	if got := b.Metadata; got.Time != "2026-11-23T12:00:00Z" || got.Component.Version != "v1" {
		t.Errorf("metadata %+v", got)
	}
}

func TestPlatformsAreASystemAndAProcessor(t *testing.T) {
	if _, err := (commit{}).build("linux"); err == nil || !strings.Contains(err.Error(), "linux/amd64") {
		t.Errorf("got %v", err)
	}
	if err := release(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "no platform") {
		t.Errorf("got %v", err)
	}
}
