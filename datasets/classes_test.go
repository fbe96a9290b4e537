package datasets

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A class that only the test split has cannot be learned: accuracy would say
// that the network is bad where the data are.
func TestClassOnlyInTheTestSplit(t *testing.T) {
	array := func(labels ...byte) map[string][]byte {
		n := string('0' + rune(len(labels)))
		return map[string][]byte{"x": npyFile("|u1", "("+n+", 1, 1)", labels), "y": npyFile("|u1", "("+n+",)", labels)}
	}
	idx := tinyIDX()
	idx["t10k-labels-idx1-ubyte"] = idxFile([]byte{2, 3}, 2)
	cifar := map[string][]byte{"data_batch_1.bin": cifarRecord(1, 0, 0, 0), "test_batch.bin": cifarRecord(7, 0, 0, 0)}
	npz := map[string][]byte{"train.npz": npzFile(t, array(0, 1)), "test.npz": npzFile(t, array(2))}
	table := map[string][]byte{"train.csv": []byte("a,label\n1,red\n2,blue\n"),
		"test.csv": []byte("a,label\n1,green\n")}
	for name, c := range map[string]struct {
		files      map[string][]byte
		path, test string
		want       string
	}{
		"idx":      {idx, "", "", "class 3"},
		"cifar-10": {cifar, "", "", "class 7"},
		"npz":      {npz, "/train.npz", "/test.npz", "class 2"},
		"table":    {table, "/train.csv", "/test.csv", "class green"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, c.files)
			var opts Options
			if c.test != "" {
				opts.Test = dir + c.test
			}
			_, err := Open(dir+c.path, opts)
			wantError(t, err, dir, c.want+" ", "the test split", "not in training")
		})
	}
}

// Labels 1..26, or 3, 10, 200, are as many classes as occur, named by the
// labels, as in a table.
func TestLabelsAreNumberedByWhatOccurs(t *testing.T) {
	for name, c := range map[string]struct {
		labels []int8
		want   []string
		warned bool
	}{
		"from 0":    {[]int8{0, 2, 1, 2, 1, 0}, []string{"0", "1", "2"}, false},
		"from 1":    {[]int8{1, 2, 3, 3, 2, 1}, []string{"1", "2", "3"}, true},
		"scattered": {[]int8{100, 3, 10, 10, 3, 100}, []string{"3", "10", "100"}, true},
		"signs":     {[]int8{1, -1, -1, 1}, []string{"-1", "1"}, true},
	} {
		n, y := len(c.labels), make([]byte, len(c.labels))
		for i, label := range c.labels {
			y[i] = byte(label)
		}
		npz := npzFile(t, map[string][]byte{
			"x": npyFile("|u1", fmt.Sprintf("(%d, 2, 2)", n), make([]byte, 4*n)),
			"y": npyFile("|i1", fmt.Sprintf("(%d,)", n), y),
		})
		images := idxFile(make([]byte, 4*n), uint32(n), 2, 2)
		idx := map[string][]byte{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": idxFile(y, uint32(n)),
			"t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": idxFile(y, uint32(n))}
		paths := map[string]string{"npz": write(t, map[string][]byte{"a.npz": npz}) + "/a.npz", "idx": write(t, idx)}
		if name == "signs" {
			delete(paths, "idx")
		}
		for kind, path := range paths {
			t.Run(kind+" "+name, func(t *testing.T) {
				set, err := Open(path, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(set.Classes, c.want) {
					t.Fatalf("classes %q, want %q", set.Classes, c.want)
				}
				for i, label := range set.Train.Labels {
					if got, want := set.Classes[label], strconv.Itoa(int(c.labels[set.Train.row(i)])); got != want {
						t.Errorf("image %d is of class %s, want %s", i, got, want)
					}
				}
				warned := strings.Contains(strings.Join(set.Account.Warnings, "\n"), "labels are not 0 to ")
				if warned != c.warned {
					t.Errorf("warnings %q", set.Account.Warnings)
				}
			})
		}
	}
}

// A quantity to predict is not a class.
func TestTooManyLabels(t *testing.T) {
	const n = maxClasses + 1
	y := make([]byte, 0, 4*n)
	for i := range uint32(n) {
		y = binary.LittleEndian.AppendUint32(y, 3*i)
	}
	dir := write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{
		"x": npyFile("|u1", fmt.Sprintf("(%d, 1)", n), make([]byte, n)),
		"y": npyFile("<i4", fmt.Sprintf("(%d,)", n), y),
	})})
	_, err := Open(dir+"/a.npz", Options{})
	wantError(t, err, dir+"/a.npz", "65537 different labels", "at most 65536")
}

// A class without samples is a warning: in training, its output learns nothing;
// in testing, accuracy says nothing about it.
func TestClassWithoutSamples(t *testing.T) {
	files := tinyCIFAR() // classes 0 to 4 in training, 0 in testing
	set, err := Open(write(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"no training samples of class 5, 6, 7, 8, 9",
		"no test samples of class 1, 2, 3, 4",
	} {
		if !slices.Contains(set.Account.Warnings, want) {
			t.Errorf("warnings %q, want %q", set.Account.Warnings, want)
		}
	}
}
