package datasets

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// write puts files into a new folder.
func write(t testing.TB, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// idxFile makes an IDX file of bytes.
func idxFile(data []byte, dims ...uint32) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, data...)
}

// npyFile makes an npy file of version 1.
func npyFile(descr, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), data...)
}

func npzFile(t testing.TB, arrays map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range arrays {
		f, err := w.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wantError checks that err says all of the parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// allocated is the number of bytes ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// The files that a set was read from are named with their sizes and SHA-256, of
// which those of the empty file and of "abc" are NIST's examples.
func TestFilesAreNamed(t *testing.T) {
	const abc, empty = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	l := newLoading(t.Context(), Options{})
	dir := write(t, map[string][]byte{"abc": []byte("abc"), "empty": nil})
	one, two := filepath.Join(dir, "abc"), filepath.Join(dir, "empty")
	got, err := l.inspect([]string{one, "", two})
	if want := []File{{one, 3, abc}, {two, 0, empty}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, want := got[0].String(), "3 bytes, SHA-256 ba7816bf8f01…"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	many := slices.Repeat([]string{two}, mostFiles)
	got, err = l.inspect(append(many, one))
	if want := []File{{dir + string(filepath.Separator), 3, abc}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("many files: got %v, %v; want their folder %v", got, err, want)
	}
	if _, err := l.inspect([]string{filepath.Join(dir, "none")}); err == nil ||
		!strings.HasPrefix(err.Error(), "datasets: open ") {
		t.Errorf("a file that is missing: %v", err)
	}
}

// Every kind of a user's own data lists its files.
func TestSetsTellTheirFiles(t *testing.T) {
	table := []byte("a,label\n1,0\n2,1\n3,0\n4,1\n")
	images := idxFile([]byte{1, 2, 3, 4}, 2, 1, 2)
	labels := idxFile([]byte{0, 1}, 2)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string][]byte{
		"t.csv": table, "u.csv": table,
		"t.npz": npzFile(t, map[string][]byte{"x": npyFile("|u1", "(4, 3)",
			make([]byte, 12)), "y": npyFile("|u1", "(4,)", []byte{0, 1, 0, 1})}),
		"idx/train-images-idx3-ubyte":  images,
		"idx/train-labels-idx1-ubyte":  labels,
		"idx/t10k-images-idx3-ubyte":   images,
		"idx/t10k-labels-idx1-ubyte":   labels,
		"cifar/data_batch_1.bin":       make([]byte, 3073),
		"cifar/test_batch.bin":         make([]byte, 3073),
		"pictures/train/cat/one.png":   picture.Bytes(),
		"pictures/train/cat/notes.txt": nil,
		"pictures/test/cat/two.png":    picture.Bytes(),
	})
	for _, tt := range []struct {
		path  string
		test  string
		files []string
	}{
		{"t.csv", "", []string{"t.csv"}},
		{"t.csv", "u.csv", []string{"t.csv", "u.csv"}},
		{"t.npz", "", []string{"t.npz"}},
		{"idx", "", []string{"idx/train-images-idx3-ubyte", "idx/train-labels-idx1-ubyte",
			"idx/t10k-images-idx3-ubyte", "idx/t10k-labels-idx1-ubyte"}},
		{"cifar", "", []string{"cifar/data_batch_1.bin", "cifar/test_batch.bin"}},
		{"pictures", "", []string{"pictures/train/cat/one.png", "pictures/test/cat/two.png"}},
	} {
		var opts Options
		if tt.test != "" {
			opts.Test = filepath.Join(dir, tt.test)
		}
		s, err := Open(filepath.Join(dir, tt.path), opts)
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		var got []string
		for _, f := range s.Files {
			name, _ := filepath.Rel(dir, f.Path)
			got = append(got, filepath.ToSlash(name))
		}
		if !slices.Equal(got, tt.files) {
			t.Errorf("%s: files %v, want %v", tt.path, got, tt.files)
		}
	}
}
