//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package datasets

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pictureFolder makes a folder with two classes; the colour of the kth picture is
// chosen by paint.
func pictureFolder(t *testing.T, n int, paint func(k int) color.Color) string {
	t.Helper()
	dir := t.TempDir()
	for k := range n {
		folder := filepath.Join(dir, []string{"a", "b"}[k%2])
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		drawPicture(t, filepath.Join(folder, fmt.Sprintf("%03d.png", k)), 4, 6, paint(k))
	}
	return dir
}

var paints = map[string]func(k int) color.Color{
	"grey":         func(k int) color.Color { return color.Gray{uint8(k)} },
	"colour":       func(k int) color.Color { return color.RGBA{uint8(k), 7, 9, 255} },
	"colour later": func(k int) color.Color { return color.RGBA{uint8(k), uint8(min(k, 30)), uint8(k), 255} },
	"16 bits":      func(k int) color.Color { return color.Gray16{uint16(256 * k)} },
}

// Pictures on disk give the same batches, account and checksum as in memory, from the
// file of an earlier reading as well.
func TestPicturesOnDiskAreTheSame(t *testing.T) {
	for name, paint := range paints {
		t.Run(name, func(t *testing.T) {
			dir, cache := pictureFolder(t, 40, paint), t.TempDir()
			for _, size := range [][2]int{{}, {2, 3}} {
				memory, err := Open(dir, Options{Size: size})
				if err != nil {
					t.Fatal(err)
				}
				for _, again := range []bool{false, true} {
					disk, err := Open(dir, Options{Size: size, Cache: cache, Free: 200, Share: 0.9})
					if err != nil {
						t.Fatal(err)
					}
					if !strings.Contains(disk.Account.String(), "on disk     ") {
						t.Fatalf("not on disk, though more than 180 bytes:\n%v", disk.Account)
					}
					disk.Account.Disk = ""
					if disk.Account.String() != memory.Account.String() || disk.Checksum() != memory.Checksum() ||
						!slices.Equal(disk.Files, memory.Files) {
						t.Errorf("again %v:\n%v\nin memory:\n%v", again, disk.Account, memory.Account)
					}
					if a, b := epochOf(t, disk), epochOf(t, memory); !slices.Equal(a, b) {
						t.Errorf("again %v: other batches", again)
					}
				}
			}
			if files, _ := filepath.Glob(cache + "/decoded/*"); len(files) != 2 {
				t.Errorf("files %q in the cache, want one for each size", files)
			}
		})
	}
}

// epochOf is the numbers of a shuffled epoch.
func epochOf(t *testing.T, s *Set) (all []float32) {
	t.Helper()
	for b, err := range s.Batches(s.Train, BatchOptions{Size: 7, Rand: rand.New(rand.NewPCG(3, 4))}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b.X...)
	}
	return all
}

// What fits stays in memory, and a share of it may be asked for.
func TestPicturesThatFitStayInMemory(t *testing.T) {
	dir := pictureFolder(t, 40, paints["grey"]) // 960 bytes
	for _, o := range []Options{{}, {Free: 2000}, {Free: 960, Share: 1}} {
		o.Cache = t.TempDir()
		set, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if files, _ := os.ReadDir(o.Cache); set.Account.Disk != "" || len(files) > 0 {
			t.Errorf("%+v: on disk: %s", o, set.Account.Disk)
		}
	}
	if _, err := Open(dir, Options{Share: 1.5}); err == nil || !strings.Contains(err.Error(), "share 1.5") {
		t.Errorf("error %v, want one about the share", err)
	}
}

// A changed picture, and a file that was cut or is none of ours, are decoded again.
func TestStoredPicturesAreThoseOfTheFiles(t *testing.T) {
	dir, o := pictureFolder(t, 40, paints["grey"]), Options{Cache: t.TempDir(), Free: 100}
	sum := func() string {
		t.Helper()
		set, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return set.Checksum()
	}
	first := sum()
	files, _ := filepath.Glob(o.Cache + "/decoded/*")
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	length := slices.Clone(whole)
	binary.LittleEndian.PutUint64(length[len(length)-16:], 1<<62)
	for name, content := range map[string][]byte{"cut": whole[:len(whole)-1], "empty": {}, "short": whole[:7],
		"a foot alone": whole[len(whole)-16:], "a wrong length": length, "a byte less": whole[1:]} {
		if err := os.WriteFile(files[0], content, 0o666); err != nil {
			t.Fatal(err)
		}
		if got := sum(); got != first {
			t.Errorf("%s: checksum %s, want %s", name, got, first)
		}
	}
	drawPicture(t, filepath.Join(dir, "a", "000.png"), 4, 6, color.Gray{99})
	if sum() == first {
		t.Error("a changed picture gives the old checksum")
	}
}

// Where pictures with masks do not fit into memory, the set is the same.
func TestMasksOfPicturesOnDisk(t *testing.T) {
	m := greyMask(3, 0, 1, 2, 255, 0, 1)
	dir := write(t, pairOf(t, "images", "masks", m, m, m, m))
	inMemory, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	for range 2 { // writes the file, and finds it again
		onDisk, err := Open(dir, Options{Free: 4, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if onDisk.Account.Disk == "" || onDisk.Checksum() != inMemory.Checksum() {
			t.Errorf("on disk: %q, checksum %s, in memory %s", onDisk.Account.Disk, onDisk.Checksum(),
				inMemory.Checksum())
		}
		if len(onDisk.Files) != len(inMemory.Files) {
			t.Errorf("%d files on disk, %d in memory", len(onDisk.Files), len(inMemory.Files))
		}
	}
}

// A full disk, or a reading that is cancelled, leaves no file, and the error says where it
// was to be.
func TestPicturesThatCannotBeStored(t *testing.T) {
	dir, cache := pictureFolder(t, 40, paints["grey"]), t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	reads := 0
	o := Options{Cache: cache, Free: 100, Reading: func(file string, done, total int64) {
		if reads++; reads == 60 {
			cancel()
		}
	}}
	_, err := OpenContext(ctx, dir, o)
	if files, _ := os.ReadDir(cache + "/decoded"); !errors.Is(err, context.Canceled) || len(files) > 0 {
		t.Errorf("error %v, files %v", err, files)
	}
	if err := os.WriteFile(filepath.Join(cache, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{Cache: filepath.Join(cache, "file"), Free: 100}); err == nil {
		t.Error("no error for a cache that is a file")
	}
	g := &gallery{loading: newLoading(context.Background(), Options{}), account: &PictureAccount{}, channels: 1,
		size: [2]int{4, 6}, tree: tree{paths: []string{filepath.Join(dir, "a", "000.png")}}}
	full := fmt.Errorf("no space left on device")
	if err := g.encode(writerFunc(func([]byte) (int, error) { return 0, full })); !errors.Is(err, full) {
		t.Errorf("error %v, want the writer's", err)
	}
	g.file = "/dev/null"
	g.folder = &tally{}
	err = g.store()
	wantError(t, err, "pictures that need 24 bytes", "data.memory", "data.cache", "/dev/null")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
