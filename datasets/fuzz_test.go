package datasets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// The readers must return errors for anything but their format: they must not
// panic or take memory out of proportion to the data, and what they accept must
// be complete.

func open(data []byte) (*input, error) {
	return newInput("fuzz", bytes.NewReader(data), int64(len(data)))
}

func FuzzIDX(f *testing.F) {
	for _, content := range tinyIDX() {
		f.Add(content)
		f.Add(zipped(content))
		f.Add(content[:len(content)-1])
	}
	f.Add(zipped(idxFile(nil, 1<<10, 1<<10, 1<<10)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for d := 1; d <= 3; d += 2 {
			in, err := open(data)
			if err != nil {
				continue
			}
			before := allocated()
			dims, pixels, err := readIDX(in, d)
			// A stream is a thousand times its gzip file at most.
			if cost := allocated() - before; cost > 4<<20+2100*uint64(len(data)) {
				t.Errorf("%d bytes allocated for a file of %d", cost, len(data))
			}
			if err != nil {
				continue
			}
			n := 1
			for _, k := range dims {
				n *= k
			}
			if n != len(pixels) || len(dims) != d {
				t.Errorf("%d bytes in dimensions %v", len(pixels), dims)
			}
		}
	})
}

func FuzzNPY(f *testing.F) {
	f.Add(npyFile("|u1", "(2, 3)", make([]byte, 6)))
	f.Add(npyFile(">f8", "(1,)", make([]byte, 8)))
	f.Add(npyFile("<i8", "()", make([]byte, 8)))
	f.Add(npyFile("<f4", "(1000000000,)", nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := open(data)
		if err != nil {
			return
		}
		a, err := openNPY(in)
		if err != nil || a.read() != nil {
			return
		}
		n := 1
		for _, k := range a.shape {
			n *= k
		}
		if have := len(a.bytes) + len(a.ints) + len(a.floats); have != n {
			t.Errorf("%d elements of shape %v", have, a.shape)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b,label\n1,2,cat\n3,4,dog\n"), "")
	f.Add([]byte("1;2;3\n4;5;6\n"), "-1")
	f.Add([]byte("\ufeffa\tb\n1\t\"2\"\n"), "none")
	f.Add([]byte(",a,y\r0,1,u\r1,1,v\r"), "")
	f.Add([]byte("1,5;2,5;x\n1,25;2;z\n"), "")
	f.Add([]byte("\xff\xfea\x00,\x00y\x00\n\x001\x00,\x002\x00"), "")
	f.Add(zipped([]byte("x,y\n1,2\n")), "y")
	f.Fuzz(func(t *testing.T, data []byte, label string) {
		in, err := open(data)
		if err != nil {
			return
		}
		read, err := readCSV(in, nil, Options{Label: label}, extent{})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "datasets: fuzz: ") {
				t.Errorf("error %q does not name the file", err)
			}
			return
		}
		if in, err := open(data); err == nil {
			opts := Options{Label: label, Categories: []string{"1"}, Missing: []string{"0"}, Unseen: "zero"}
			words, err := readCSV(in, nil, opts, extent{})
			if err == nil {
				words.leaveIndices()
				err = words.spread(in.hold)
			}
			if err == nil && len(words.Columns)*read.rows() != len(words.values) {
				t.Errorf("%d values of %q in %d rows", len(words.values), words.Columns, read.rows())
			}
		}
		if read.leaveIndices(); read.cols == 0 {
			return // which openCSV refuses
		}
		classes := sortedClasses(read.labels.names)
		labels := read.indices(classes)
		if len(labels)*read.cols != len(read.values) {
			t.Errorf("%d labels, %d columns, %d values", len(labels), read.cols, len(read.values))
		}
		contract := Contract{Shape: [3]int{read.cols, 1, 1}, Table: &read.TableAccount}
		if in, err = open(data); err != nil {
			t.Fatal(err)
		}
		again, err := readCSV(in, &contract, Options{Label: label}, extent{})
		if err == nil && !slices.Equal(again.values, read.values) {
			t.Errorf("values %v, read like itself %v", read.values, again.values)
		}
		split := &Split{Values: read.values, Labels: labels}
		_, err = New(Set{Shape: [3]int{read.cols, 1, 1}, Classes: classes, Train: split, Test: split})
		if err != nil {
			t.Errorf("accepted, but: %v", err)
		}
	})
}

// FuzzCSVRows compares the rows of a table with encoding/csv's: fields, their
// positions, and errors.
func FuzzCSVRows(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n", "a,b\r\n\r\n\n1,2", "1,2\r", "\r", "1\r\r\n2", ",\n,", "1,2\n1\n",
		"\"a\",\"b \"\"c\"\"\"\n1,2\n", "\"a\r\nb\n\",2\r\n3,4",
		"1,2\"3\n", "\"1\"2,3\n", "1,\"2\n\n3", "\"1\",2\n\"\n\r", "\"\"\"",
		"1,a field that is longer than the buffer\n\"and\na quoted \"\" one\",2",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := rows{in: bufio.NewReaderSize(strings.NewReader(text), 16), comma: ','}
		want := csv.NewReader(strings.NewReader(text))
		for b := range r.blocks(20) {
			for n := range len(b.fields) / max(1, b.width) {
				row, err := want.Read()
				if err != nil || !slices.Equal(b.row(n), row) {
					t.Fatalf("row %q, want %q and %v", b.row(n), row, err)
				}
				for i := range row {
					f := b.fields[n*b.width+i]
					if line, column := want.FieldPos(i); f.line != line || f.column != column {
						t.Errorf("field %d at %d:%d, want %d:%d", i, f.line, f.column, line, column)
					}
				}
			}
			if b.err == nil {
				continue
			}
			if _, err := want.Read(); fmt.Sprint(b.err) != fmt.Sprint(err) {
				t.Errorf("error %v, want %v", b.err, err)
			}
		}
	})
}

// FuzzDecimal compares numbers of few digits with strconv's.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"", "-", ".", "-.", "0", "-0", "007", "1.", ".5", "-12.345",
		"16777209", "16777210", "1.6777209", "0.0000000001", "0.00000000001", "1e3", "1.2.3", "1_0", "0x1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, ok := decimal([]byte(text), '.')
		want, err := strconv.ParseFloat(text, 32)
		if ok && (err != nil || math.Float32bits(v) != math.Float32bits(float32(want))) {
			t.Errorf("%q: %v, want %v and %v", text, v, want, err)
		}
		if !ok && err == nil && len(text) < 8 && strings.Trim(text, "0123456789.-") == "" {
			t.Errorf("%q: no decimal, want %v", text, want)
		}
	})
}

func FuzzRecords(f *testing.F) {
	f.Add(make([]byte, 5))
	f.Add([]byte{1, 1, 2, 3, 4, 0, 5, 6, 7, 8})
	f.Add(zipped([]byte{1, 1, 2, 3, 4}))
	f.Add([]byte{2, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := open(data)
		if err != nil {
			return
		}
		layout := recordLayout{shape: [3]int{2, 1, 2}, classes: 2}
		split, err := readRecords(in, layout)
		if err != nil {
			return
		}
		if _, err := New(Set{Shape: layout.shape, Classes: []string{"a", "b"}, Train: split, Test: split}); err != nil {
			t.Errorf("accepted, but: %v", err)
		}
	})
}

// FuzzNPZ opens an archive of two arrays, in memory and, where files can be mapped, from disk.
func FuzzNPZ(f *testing.F) {
	f.Add("x", npyFile("|u1", "(2, 2, 1)", make([]byte, 4)), "y", npyFile("<i8", "(2,)", make([]byte, 16)))
	f.Add("x_train", npyFile("<f4", "(1, 3)", make([]byte, 12)), "x_test", npyFile("<f4", "(1, 3)", make([]byte, 12)))
	f.Fuzz(func(t *testing.T, a string, x []byte, b string, y []byte) {
		path := write(t, map[string][]byte{"d.npz": npzFile(t, map[string][]byte{a: x, b: y})}) + "/d.npz"
		s, err := Open(path, Options{})
		disk, diskErr := Open(path, Options{Free: 1, Cache: path + ".cache"})
		if (err == nil) != (diskErr == nil) || err == nil && s.Checksum() != disk.Checksum() {
			t.Errorf("in memory %v, from disk %v; or other data", err, diskErr)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "datasets: "+path) || !strings.HasPrefix(diskErr.Error(), "datasets: "+path) {
				t.Errorf("errors %q and %q do not name the file", err, diskErr)
			}
			return
		}
		if _, err := New(*s); err != nil {
			t.Errorf("accepted, but: %v", err)
		}
	})
}

func FuzzPicture(f *testing.F) {
	f.Add(picture(f, 2, 3, color.NRGBA{1, 2, 3, 4}))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	for _, encode := range []func(io.Writer, image.Image) error{toGIF, bmp.Encode, toTIFF} {
		f.Add(encoded(f, image.NewGray(image.Rect(0, 0, 3, 2)), encode))
	}
	if webp, err := os.ReadFile("testdata/turned.webp"); err == nil {
		f.Add(webp)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width > 1<<20/max(1, c.Height) {
			return // allowed, but too slow here
		}
		p, err := decodePicture(data)
		if err == nil && (p.h < 1 || p.w < 1 || len(p.pix) != 3*p.h*p.w) {
			t.Errorf("%d bytes in a picture of %d×%d", len(p.pix), p.h, p.w)
		}
	})
}

func FuzzMask(f *testing.F) {
	pix := []uint8{0, 1, 2, 1, 0, 3}
	f.Add(encoded(f, greyMask(3, pix...), png.Encode))
	for _, colours := range []int{4, 16, 256} {
		f.Add(encoded(f, paletteMask(colours, 2, pix...), png.Encode))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := png.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width > 1<<20/max(1, c.Height) {
			return // allowed, but too slow here
		}
		m, err := decodeMask(data)
		if err == nil && (m.h < 1 || m.w < 1 || len(m.pix) != m.h*m.w) {
			t.Errorf("%d pixels in a mask of %d×%d", len(m.pix), m.h, m.w)
		}
	})
}
