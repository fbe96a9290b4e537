//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package datasets

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Arrays and IDX files on disk give the same batches, account and checksum as in memory,
// whatever their types, layouts and splits are, from the file of an earlier reading as well.
func TestArraysOnDiskAreTheSame(t *testing.T) {
	whole := func(shape ...int) [][]int { return [][]int{shape} }
	parts := func(n, test int, shape ...int) [][]int {
		return [][]int{append([]int{n}, shape...), append([]int{test}, shape...)}
	}
	for name, c := range map[string]struct {
		descr  string
		shapes [][]int // of x, or of x_train and x_test
		opts   Options
	}{
		"grey bytes":          {"|u1", whole(40, 4, 6), Options{}},
		"bool":                {"|b1", whole(40, 4, 6), Options{}},
		"colours":             {"|u1", whole(40, 4, 6, 3), Options{}},
		"channels first":      {"|u1", whole(40, 3, 4, 6), Options{ChannelsFirst: true}},
		"values":              {"<f4", whole(40, 4, 6), Options{}},
		"values of 64 bits":   {">f8", whole(40, 4, 6, 2), Options{}},
		"integers":            {"<i2", whole(40, 24), Options{}},
		"rows as images":      {"<f4", whole(40, 24), Options{Shape: [3]int{2, 3, 4}, ChannelsFirst: true}},
		"signals":             {"<f4", whole(40, 12, 2), Options{Layout: "signal"}},
		"channels of signals": {"<f4", whole(40, 2, 12), Options{Layout: "signal", ChannelsFirst: true}},
		"two splits":          {"|u1", parts(40, 16, 4, 6), Options{}},
		"masks":               {"|u1", whole(40, 4, 6), Options{Target: PixelTargets}},
		"anomalies":           {"<f4", whole(40, 24), Options{Normal: []string{"0", "1"}}},
	} {
		for _, method := range []uint16{0, 8} { // stored, deflated
			t.Run(fmt.Sprintf("%s/%d", name, method), func(t *testing.T) {
				path := writeArrays(t, c.descr, c.shapes, c.opts.Target == PixelTargets, method)
				sameOnDisk(t, path, c.opts)
			})
		}
	}
	for _, suffix := range []string{"", ".gz"} {
		t.Run("idx"+suffix, func(t *testing.T) { sameOnDisk(t, writeIDXFolder(t, suffix), Options{}) })
	}
}

// sameOnDisk reads data with a small share of the memory, twice, and without limits.
func sameOnDisk(t *testing.T, path string, o Options) {
	t.Helper()
	memory, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Cache, o.Free = t.TempDir(), 100
	for _, again := range []bool{false, true} {
		disk, err := Open(path, o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(disk.Account.String(), "on disk     ") || !disk.Train.mapped || !disk.Test.mapped {
			t.Fatalf("not on disk, though more than 50 bytes:\n%v", disk.Account)
		}
		disk.Account.Disk = ""
		if disk.Account.String() != memory.Account.String() || disk.Checksum() != memory.Checksum() ||
			!slices.Equal(disk.Files, memory.Files) {
			t.Errorf("again %v:\n%v\n%v\nin memory:\n%v\n%v", again, disk.Account, disk.Files, memory.Account, memory.Files)
		}
		if a, b := epochOf(t, disk), epochOf(t, memory); !slices.Equal(a, b) {
			t.Errorf("again %v: other batches", again)
		}
	}
}

// writeArrays writes an npz file with images that differ, and labels or masks of two or four classes.
func writeArrays(t *testing.T, descr string, shapes [][]int, masks bool, method uint16) string {
	t.Helper()
	entries := map[string][]byte{}
	for i, shape := range shapes {
		suffix := ""
		if len(shapes) > 1 {
			suffix = []string{"_train", "_test"}[i]
		}
		n := 1
		for _, k := range shape {
			n *= k
		}
		var x, y []byte
		for k := range n {
			x = append(x, element(descr, 1+(k*7+k/5)%90)...)
		}
		of := shape[:1]
		if masks {
			of = shape[:3]
		}
		for k := range n {
			if masks || k < shape[0] {
				y = append(y, byte(k*k/3%4))
			}
		}
		entries["x"+suffix] = npyFile(descr, tupleOf(shape), x)
		entries["y"+suffix] = npyFile("|u1", tupleOf(of), y)
	}
	return arraysFile(t, method, entries)
}

// writeIDXFolder writes the four files of a set.
func writeIDXFolder(t *testing.T, suffix string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range idxNames() {
		n := []int{40, 40, 12, 12}[i]
		file := []byte{0, 0, idxUint8, byte(3 - 2*(i%2)), 0, 0, 0, byte(n)}
		if i%2 == 0 {
			file = append(file, 0, 0, 0, 4, 0, 0, 0, 6)
			n *= 24
		}
		for k := range n {
			v := k * 11 % 251
			if i%2 == 1 {
				v %= 3
			}
			file = append(file, byte(v))
		}
		if suffix == ".gz" {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			w.Write(file)
			w.Close()
			file = b.Bytes()
		}
		if err := os.WriteFile(filepath.Join(dir, name+suffix), file, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is wrong in an array or an IDX file is named as it is in memory, and leaves no file.
func TestFaultsOfArraysOnDisk(t *testing.T) {
	one := element("<f4", 1)
	good := slices.Repeat(one, 40*6)
	bad := slices.Clone(good)
	copy(bad[4*17:], []byte{0, 0, 0xc0, 0x7f})
	labels := npyFile("|u1", "(40,)", slices.Repeat([]byte{0, 1}, 20))
	idx := writeIDXFolder(t, "")
	images := filepath.Join(idx, idxNames()[0])
	text, err := os.ReadFile(images)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(images, text[:len(text)-1], 0o666); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"not finite": arraysFile(t, 8, map[string][]byte{"x": npyFile("<f4", "(40, 2, 3)", bad), "y": labels}),
		"cut":        arraysFile(t, 8, map[string][]byte{"x": npyFile("<f4", "(40, 2, 4)", good), "y": labels}),
		"longer":     arraysFile(t, 8, map[string][]byte{"x": npyFile("<f4", "(39, 2, 3)", good), "y": labels}),
		"shape":      arraysFile(t, 8, map[string][]byte{"x": npyFile("<f4", "(8, 5, 1, 2, 3)", good), "y": labels}),
		"idx":        idx,
	} {
		_, want := Open(path, Options{})
		cache := t.TempDir()
		_, err := Open(path, Options{Cache: cache, Free: 100})
		if want == nil || err == nil {
			t.Fatalf("%s: errors %v and %v", name, want, err)
		}
		if strings.Replace(want.Error(), "training split: ", "", 1) != err.Error() {
			t.Errorf("%s: error %q, in memory %q", name, err, want)
		}
		if files, _ := os.ReadDir(cache + "/decoded"); len(files) > 0 {
			t.Errorf("%s: files %v", name, files)
		}
	}
}

// A changed array is read again, and another one of the same file has a file of its own.
func TestStoredArraysAreThoseOfTheFile(t *testing.T) {
	cache, sums := t.TempDir(), map[string]bool{}
	for _, shape := range [][]int{{40, 4, 6}, {40, 6, 4}, {40, 3, 8}} {
		path := writeArrays(t, "|u1", [][]int{shape}, false, 8)
		for _, first := range []bool{false, true} {
			if first && shape[1] != 4 {
				continue
			}
			set, err := Open(path, Options{Cache: cache, Free: 100, Layout: map[bool]string{true: "signal"}[first]})
			if err != nil {
				t.Fatal(err)
			}
			sums[set.Checksum()] = true
		}
	}
	if files, _ := filepath.Glob(cache + "/decoded/*"); len(files) != 4 || len(sums) != 4 {
		t.Errorf("files %q, %d checksums, want 4", files, len(sums))
	}
}

// A published set beyond memory is checked each time that it is read.
func TestPublishedOnDisk(t *testing.T) {
	noData(t)
	dir := write(t, tinyIDX())
	o := Options{Dir: dir, Cache: t.TempDir(), Offline: true, Free: 1}
	for range 2 {
		set, err := tinyPublication().open(t.Context(), o)
		if err != nil || !set.Train.mapped {
			t.Fatalf("%v: want images on disk", err)
		}
	}
}

// tupleOf is a shape in Python.
func tupleOf(shape []int) string {
	return "(" + strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ") + ",)"
}

// arraysFile writes an npz file, stored or deflated.
func arraysFile(t *testing.T, method uint16, arrays map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npz")
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: method})
		if err == nil {
			_, err = f.Write(arrays[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), os.WriteFile(path, b.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	return path
}

// element is a number in NumPy's type.
func element(descr string, v int) []byte {
	var b []byte
	switch descr {
	case "|u1":
		return []byte{byte(v)}
	case "|b1":
		return []byte{byte(v & 1)}
	case "<i2":
		return []byte{byte(v), byte(v >> 8)}
	case "<f4":
		for i := range 4 {
			b = append(b, byte(math.Float32bits(float32(v)/4)>>(8*i)))
		}
	case ">f8":
		for i := range 8 {
			b = append(b, byte(math.Float64bits(float64(v)/4)>>(56-8*i)))
		}
	}
	return b
}
