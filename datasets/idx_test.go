package datasets

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tinyIDX is a data set of 3 and 2 images of 2×2 pixels.
func tinyIDX() map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte": idxFile([]byte{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}, 3, 2, 2),
		"train-labels-idx1-ubyte": idxFile([]byte{1, 0, 2}, 3),
		"t10k-images-idx3-ubyte":  idxFile([]byte{5, 6, 7, 8, 50, 60, 70, 80}, 2, 2, 2),
		"t10k-labels-idx1-ubyte":  idxFile([]byte{2, 2}, 2),
	}
}

func TestIDXFolder(t *testing.T) {
	plain := tinyIDX()
	mixed := map[string][]byte{}
	for name, content := range plain {
		mixed[name+".gz"] = zipped(content)
	}
	mixed["t10k-labels-idx1-ubyte"] = plain["t10k-labels-idx1-ubyte"]
	delete(mixed, "t10k-labels-idx1-ubyte.gz")
	for name, files := range map[string]map[string][]byte{"plain": plain, "zipped": mixed} {
		t.Run(name, func(t *testing.T) {
			set, err := Open(write(t, files), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if set.Shape != [3]int{1, 2, 2} || !slices.Equal(set.Classes, []string{"0", "1", "2"}) {
				t.Errorf("shape %v, classes %v", set.Shape, set.Classes)
			}
			if want := plain["train-images-idx3-ubyte"][16:]; !bytes.Equal(set.Train.Images, want) {
				t.Errorf("training images %v, want %v", set.Train.Images, want)
			}
			if want := []int32{1, 0, 2}; !slices.Equal(set.Train.Labels, want) {
				t.Errorf("training labels %v, want %v", set.Train.Labels, want)
			}
			if set.Test.Len() != 2 || set.Test.Images[7] != 80 {
				t.Errorf("test split %+v", set.Test)
			}
		})
	}
}

// The names that MNIST's files have in other collections, and EMNIST's.
func TestIDXOtherNames(t *testing.T) {
	for name, rename := range map[string]func(string) string{
		"dot":    func(name string) string { return strings.Replace(name, "-idx", ".idx", 1) },
		"prefix": func(name string) string { return "emnist-letters-" + strings.Replace(name, "t10k", "test", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"emnist-letters-mapping.txt": nil}
			for old, content := range tinyIDX() {
				files[rename(old)] = content
			}
			for _, old := range idxNames()[2:] {
				files[rename(old)+".gz"] = zipped(files[rename(old)])
				delete(files, rename(old))
			}
			set, err := Open(write(t, files), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if set.Train.Len() != 3 || set.Test.Len() != 2 || len(set.Files) != 4 {
				t.Errorf("%d to train, %d to test, files %v", set.Train.Len(), set.Test.Len(), set.Files)
			}
			if want := map[string]int{".txt": 1}; !maps.Equal(set.Account.Passed, want) {
				t.Errorf("passed over %v, want %v", set.Account.Passed, want)
			}
		})
	}
	files := tinyIDX() // a file and its archive are one, and the file is read
	files["train-images-idx3-ubyte.gz"] = []byte("not read")
	if _, err := Open(write(t, files), Options{}); err != nil {
		t.Error(err)
	}
	files = tinyIDX()
	for name, content := range tinyIDX() {
		files["emnist-digits-"+name] = content
	}
	_, err := Open(write(t, files), Options{})
	wantError(t, err, "files of several sets: emnist-digits-t10k-images-idx3-ubyte, t10k-images-idx3-ubyte",
		"want one set in a folder")
}

func TestIDXFaults(t *testing.T) {
	images, labels := tinyIDX()["train-images-idx3-ubyte"], tinyIDX()["train-labels-idx1-ubyte"]
	big := idxFile(nil, 1<<31, 1<<31, 1<<31)
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    []string
	}{
		"empty":       {"train-images-idx3-ubyte", nil, []string{"byte 0", "4 bytes announced, 0 follow"}},
		"wrong magic": {"train-images-idx3-ubyte", labels, []string{"byte 0", "00 00 08 01", "00 00 08 03"}},
		"header cut": {"train-images-idx3-ubyte", images[:9],
			[]string{"byte 4", "12 bytes announced, 5 follow"}},
		"pixels cut": {"train-images-idx3-ubyte", images[:20],
			[]string{"byte 16", "12 bytes announced, 4 follow"}},
		"pixels cut, zipped": {"train-images-idx3-ubyte", zipped(images[:20]),
			[]string{"unzipped byte 20", "12 bytes announced, 4 found"}},
		"gzip cut": {"train-images-idx3-ubyte", zipped(images)[:30], []string{"unzipped byte"}},
		"gzip checksum wrong": {"train-images-idx3-ubyte", flipped(zipped(images), -8),
			[]string{"unzipped byte 28", "checksum"}},
		"more than announced": {"train-images-idx3-ubyte", append(slices.Clone(images), 1),
			[]string{"byte 28", "more data"}},
		"inflates past header": {"train-images-idx3-ubyte",
			zipped(append(slices.Clone(images), make([]byte, 1<<20)...)),
			[]string{"unzipped byte 28", "more data"}},
		"huge sizes":         {"train-images-idx3-ubyte", big, []string{"byte 8", "2147483648", "dimension 1"}},
		"huge sizes, zipped": {"train-images-idx3-ubyte", zipped(big), []string{"unzipped byte 8"}},
		"a GiB announced": {"train-images-idx3-ubyte", zipped(idxFile(nil, 1, 1<<15, 1<<15)),
			[]string{"unzipped byte 16", "1073741824 bytes announced, at most"}},
		"no images": {"train-images-idx3-ubyte", idxFile(nil, 0, 2, 2), []string{"byte 4", "size 0"}},
		"counts disagree": {"train-labels-idx1-ubyte", idxFile([]byte{1, 2}, 2),
			[]string{"byte 4", "2 labels for 3 images"}},
		"sizes disagree": {"t10k-images-idx3-ubyte", idxFile(make([]byte, 12), 2, 3, 2), []string{"2×2", "3×2"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(tinyIDX())
			files[c.file] = c.content
			dir := write(t, files)
			_, err := Open(dir, Options{})
			if name != "sizes disagree" {
				c.want = append(c.want, filepath.Join(dir, c.file))
			}
			wantError(t, err, c.want...)
		})
	}
}

// flipped changes one bit; at < 0 counts from the end.
func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	return b
}

func TestIDXLabelOutOfRange(t *testing.T) {
	in, err := newInput("labels", bytes.NewReader(idxFile([]byte{9, 10}, 2)), -1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = readIDXLabels(in, 10)
	wantError(t, err, "labels", "byte 9", "label 10", "0..9")
}

func TestIDXFileMissing(t *testing.T) {
	files := tinyIDX()
	delete(files, "t10k-labels-idx1-ubyte")
	_, err := Open(write(t, files), Options{})
	wantError(t, err, "no t10k-labels-idx1-ubyte, plain or with .gz")
}

// A header that lies about a zipped file must not cost what it announces.
func TestIDXLyingHeaderIsCheap(t *testing.T) {
	content := zipped(idxFile(make([]byte, 100), 1<<10, 1<<10, 1<<10))
	var before, after uint64
	before = allocated()
	in, err := newInput("lie", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = readIDX(in, 3)
	after = allocated()
	wantError(t, err, "1073741824 bytes announced, at most")
	if after-before > 4<<20 {
		t.Errorf("%d bytes allocated for a file of %d", after-before, len(content))
	}
}
