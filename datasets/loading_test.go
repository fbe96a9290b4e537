package datasets

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bigNPZ writes an archive of n rows of 1,024 elements, each of the given type
// and bytes, and of their labels.
func bigNPZ(t *testing.T, method uint16, descr string, element []byte, n int) string {
	t.Helper()
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	add := func(name string, content []byte) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: method})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
	}
	add("x", npyFile(descr, fmt.Sprintf("(%d, 1024)", n), bytes.Repeat(element, 1024*n)))
	add("y", npyFile("|u1", fmt.Sprintf("(%d,)", n), make([]byte, n)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "big.npz")
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// The memory allocated while a set is loaded is little more than what it holds:
// nothing is held twice, neither when reading nor when dividing.
func TestLoadingHoldsNothingTwice(t *testing.T) {
	f4 := binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5))
	f8 := binary.BigEndian.AppendUint64(nil, math.Float64bits(1.5))
	row := strings.Repeat("0.125,-31,45.5,0,", 4)
	table := []byte("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,kind\n" + strings.Repeat(row+"\"x\"\n"+row+"y\n", 1<<15))
	for name, c := range map[string]struct {
		path string
		data int // bytes of the numbers
		rest int // of what else a set holds, and of buffers
	}{
		"bytes":          {bigNPZ(t, zip.Store, "|u1", []byte{7}, 1<<13), 1 << 23, 1 << 20},
		"deflated bytes": {bigNPZ(t, zip.Deflate, "|u1", []byte{7}, 1<<13), 1 << 23, 1 << 20},
		"float32":        {bigNPZ(t, zip.Store, "<f4", f4, 1<<11), 1 << 23, 1 << 20},
		"float64":        {bigNPZ(t, zip.Deflate, ">f8", f8, 1<<11), 1 << 23, 1 << 20},
		"int16":          {bigNPZ(t, zip.Store, "<i2", []byte{1, 2}, 1<<11), 1 << 23, 1 << 20},
		// Dividing takes 17 bytes per row.
		"table":        {write(t, map[string][]byte{"t.csv": table}) + "/t.csv", 1 << 22, 17<<16 + 1<<20},
		"zipped table": {write(t, map[string][]byte{"t.csv.gz": zipped(table)}) + "/t.csv.gz", 1 << 22, 17<<16 + 1<<20},
	} {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			set, err := Open(c.path, Options{})
			cost := allocated() - before
			if err != nil {
				t.Fatal(err)
			}
			if have := len(set.Train.Images) + 4*len(set.Train.Values); have != c.data {
				t.Errorf("%d bytes of data, want %d", have, c.data)
			}
			most := uint64(c.data + c.rest)
			if testing.Short() {
				most += 1 << 16 // the race detector lets pools forget buffers at random
			}
			if cost > most {
				t.Errorf("%d bytes allocated for %d, want at most %d", cost, c.data, most)
			}
		})
	}
}

// Data that need more memory than allowed are refused before it is allocated
// and, if their files give the size, before they are read.
func TestLoadingWithinMemory(t *testing.T) {
	rows, images := bytes.Repeat([]byte("1,2,3,4,a\n"), 1<<18), idxFile(make([]byte, 1<<20), 1<<10, 1<<5, 1<<5)
	for name, c := range map[string]struct {
		path string
		need int64
		want string
	}{
		"npz": {bigNPZ(t, zip.Deflate, "<i2", []byte{1, 2}, 1<<10), 4<<20 + 1<<10,
			"big.npz: the data need 4195328 bytes"},
		"table": {write(t, map[string][]byte{"t.csv": rows}) + "/t.csv", 1 << 22, "t.csv: the data need 4194304 bytes"},
		"idx": {write(t, map[string][]byte{"train-images-idx3-ubyte": images}), 1 << 20,
			"idx3-ubyte: byte 16: the data need 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			_, err := Open(c.path, Options{Memory: c.need - 1})
			cost := allocated() - before
			wantError(t, err, c.want)
			if cost > uint64(c.need) {
				t.Errorf("%d bytes allocated before %d were refused", cost, c.need)
			}
			if _, err := Open(c.path, Options{Memory: c.need}); err != nil && name != "idx" {
				t.Errorf("with just enough memory: %v", err)
			}
		})
	}
}

// Progress is reported for every reading from beginning to end, and reading can
// be stopped.
func TestReadingIsTold(t *testing.T) {
	var table []byte
	for i := range 1 << 16 {
		table = fmt.Appendf(table, "%d,2,a\n", i*i)
	}
	pictures := map[string][]byte{}
	for i := range 20 {
		pictures[fmt.Sprintf("a/%02d.png", i)] = picture(t, 8, 8, color.Gray{uint8(i)})
	}
	images, labels := idxFile(make([]byte, 8), 2, 2, 2), idxFile(make([]byte, 2), 2)
	for name, c := range map[string]struct {
		path string
		want int // readings
	}{
		"npz":          {bigNPZ(t, zip.Store, "|u1", []byte{7}, 1<<12), 2}, // and for the checksum
		"table":        {write(t, map[string][]byte{"t.csv": table}) + "/t.csv", 3},
		"zipped table": {write(t, map[string][]byte{"t.csv.gz": zipped(table)}) + "/t.csv.gz", 3},
		"pictures":     {write(t, pictures), 2},
		"idx": {write(t, map[string][]byte{
			"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels,
			"t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels,
		}), 8},
	} {
		t.Run(name, func(t *testing.T) {
			readings, last := 0, tally{total: 1, done: 1}
			reading := func(file string, done, total int64) {
				if file != last.name || done < last.done {
					readings++
					if float64(last.done) < 0.99*float64(last.total) {
						t.Errorf("%s was read to byte %d of %d", last.name, last.done, last.total)
					}
				}
				last = tally{file, done, total}
			}
			if _, err := Open(c.path, Options{Reading: reading}); err != nil {
				t.Fatal(err)
			}
			if readings != c.want || last.done != last.total || !strings.HasPrefix(last.name, c.path) {
				t.Errorf("%d readings, want %d; the last one: %+v", readings, c.want, last)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := OpenContext(ctx, c.path, Options{Reading: func(_ string, done, total int64) {
				if done > total/2 {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("stopped on the way: %v", err)
			}
		})
	}
}
