package datasets

import (
	"slices"
	"testing"
)

// cifarRecord is an image whose red, green and blue planes count up from
// different numbers.
func cifarRecord(label, red, green, blue byte) []byte {
	b := []byte{label}
	for _, from := range []byte{red, green, blue} {
		for i := range 1024 {
			b = append(b, from+byte(i))
		}
	}
	return b
}

// tinyCIFAR has one image in each file.
func tinyCIFAR() map[string][]byte {
	files := map[string][]byte{}
	for i, name := range cifarNames() {
		files[name] = cifarRecord(byte(i%5), 0, 10, byte(20*i))
	}
	return files
}

func TestCIFARFolder(t *testing.T) {
	files := tinyCIFAR()
	files["data_batch_1.bin"] = append(files["data_batch_1.bin"], cifarRecord(9, 1, 2, 3)...)
	files["data_batch_2.bin.gz"] = zipped(files["data_batch_2.bin"])
	delete(files, "data_batch_2.bin")
	delete(files, "data_batch_5.bin")
	files["batches.meta.txt"] = []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n")
	set, err := Open(write(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int32{0, 9, 1, 2, 3}; !slices.Equal(set.Train.Labels, want) {
		t.Errorf("labels %v, want %v", set.Train.Labels, want)
	}
	if set.Shape != [3]int{3, 32, 32} || set.Classes[9] != "j" {
		t.Errorf("shape %v, classes %v", set.Shape, set.Classes)
	}
	// Planes became pixels: the second image's first two.
	if got, want := set.Train.Images[3072:3078], []byte{1, 2, 3, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("pixels %v, want %v", got, want)
	}
}

func TestCIFARFaults(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    []string
	}{
		"cut": {"data_batch_1.bin", make([]byte, 3072),
			[]string{"data_batch_1.bin", "byte 3072", "a multiple of 3073"}},
		"empty": {"data_batch_1.bin", nil, []string{"data_batch_1.bin", "byte 0"}},
		"label": {"data_batch_1.bin", append(make([]byte, 3073), cifarRecord(10, 0, 0, 0)...),
			[]string{"byte 3073", "label 10", "0..9"}},
		"too few classes": {"batches.meta.txt", []byte("a\nb\n"),
			[]string{"batches.meta.txt", "2 class names, want 10"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := tinyCIFAR()
			files[c.file] = c.content
			_, err := Open(write(t, files), Options{})
			wantError(t, err, c.want...)
		})
	}
	t.Run("no test batch", func(t *testing.T) {
		files := tinyCIFAR()
		delete(files, "test_batch.bin")
		_, err := Open(write(t, files), Options{})
		wantError(t, err, "no test_batch.bin, plain or with .gz")
	})
}
