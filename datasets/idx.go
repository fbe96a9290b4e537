package datasets

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The IDX format (LeCun, Cortes and Burges, "The MNIST database of handwritten
// digits"): two zero bytes, the element type (8: unsigned byte), the number d
// of dimensions, d sizes as big-endian uint32, then the elements, the last
// index running fastest.
const idxUint8 = 8

// readIDX reads an IDX file of bytes with d dimensions.
func readIDX(in *input, d int) (dims []int, data []byte, err error) {
	dims, total, err := openIDX(in, d)
	if err != nil {
		return nil, nil, err
	}
	if err := in.hold(total); err != nil {
		return nil, nil, in.errorf("%w", err)
	}
	if data, err = in.bytes(total); err != nil {
		return nil, nil, err
	}
	return dims, data, in.end()
}

// openIDX reads the header of an IDX file; total is the number of elements, which follow.
func openIDX(in *input, d int) (dims []int, total int64, err error) {
	magic, err := in.bytes(4)
	if err != nil {
		return nil, 0, err
	}
	want := [4]byte{0, 0, idxUint8, byte(d)}
	if [4]byte(magic) != want {
		return nil, 0, in.errorAt(0, "magic number % x, want % x (IDX, unsigned bytes, %d dimensions)", magic,
			want, d)
	}
	header, err := in.bytes(int64(4 * d))
	if err != nil {
		return nil, 0, err
	}
	total = 1
	for i := range d {
		n := binary.BigEndian.Uint32(header[4*i:])
		if n == 0 {
			return nil, 0, in.errorAt(int64(4+4*i), "size 0 in dimension %d", i)
		}
		if int64(n) > maxElements/total {
			return nil, 0, in.errorAt(int64(4+4*i), "size %d in dimension %d makes more than %d elements", n, i,
				maxElements)
		}
		total *= int64(n)
		dims = append(dims, int(n))
	}
	return dims, total, nil
}

// readIDXImages reads a file of images, to disk if they do not fit into memory; disk is the
// place, in words.
func readIDXImages(in *input) (dims []int, split *Split, disk string, err error) {
	split = &Split{}
	dims, total, err := openIDX(in, 3)
	if err != nil {
		return nil, nil, "", err
	}
	if split.mapped = in.beyond(total); !split.mapped {
		if err := in.hold(total); err != nil {
			return nil, nil, "", in.errorf("%w", err)
		}
		if split.Images, err = in.bytes(total); err == nil {
			err = in.end()
		}
		return dims, split, "", err
	}
	if _, err := in.announce(total); err != nil {
		return nil, nil, "", err
	}
	split.Images, disk, err = in.stored(part{in: in, path: in.name, how: "idx", bytes: total,
		write: func(w io.Writer) error {
			n, err := io.CopyN(w, in, total)
			if err := in.truncated(err, n, total); err != nil {
				return err
			}
			return in.end()
		}})
	return dims, split, disk, err
}

// readIDXLabels reads a file of labels. classes > 0 bounds them.
func readIDXLabels(in *input, classes int) ([]int32, error) {
	_, data, err := readIDX(in, 1)
	if err != nil {
		return nil, err
	}
	labels := make([]int32, len(data))
	for i, label := range data {
		if classes > 0 && int(label) >= classes {
			return nil, in.errorAt(int64(8+i), "label %d out of range 0..%d", label, classes-1)
		}
		labels[i] = int32(label)
	}
	return labels, nil
}

// idxNames are the files of an IDX data set, as MNIST introduced them: images
// and labels of the training split, then of the test split.
func idxNames() []string {
	return []string{
		"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
		"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
	}
}

// readIDXSet reads the four files of a set, which errors call name.
func readIDXSet(s Set, name string, open opener) (*Set, error) {
	var dims [2][]int
	var splits [2]*Split
	for i := range splits {
		disk := ""
		err := open(2*i, func(in *input) (err error) {
			dims[i], splits[i], disk, err = readIDXImages(in)
			return err
		})
		if err != nil {
			return nil, err
		}
		s.Account.Disk = onDisk(s.Account.Disk, disk)
		split := splits[i]
		err = open(2*i+1, func(in *input) (err error) {
			split.Labels, err = readIDXLabels(in, len(s.Classes))
			if err == nil && len(split.Labels) != dims[i][0] {
				err = in.errorAt(4, "%d labels for %d images", len(split.Labels), dims[i][0])
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if dims[0][1] != dims[1][1] || dims[0][2] != dims[1][2] {
		return nil, fmt.Errorf("datasets: %s: training images are %d×%d, test images %d×%d",
			name, dims[0][1], dims[0][2], dims[1][1], dims[1][2])
	}
	s.Shape = [3]int{1, dims[0][1], dims[0][2]}
	s.Train, s.Test = splits[0], splits[1]
	if s.Classes == nil {
		if err := s.numberClasses(); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", name, err)
		}
	}
	return newSet(s, name)
}

// idxRole says which of idxNames a file is: by its name, plain or with .gz,
// with a dot before idx, with test for t10k, or after the name of a set, as in
// emnist-letters-test-images-idx3-ubyte.
func idxRole(file string) (role int, ok bool) {
	name := strings.Replace(strings.TrimSuffix(file, ".gz"), ".idx", "-idx", 1)
	for i, want := range idxNames() {
		for _, w := range []string{want, strings.Replace(want, "t10k", "test", 1)} {
			if name == w || strings.HasSuffix(name, "-"+w) {
				return i, true
			}
		}
	}
	return 0, false
}

// findIDX looks for the four files; "" is one that is not there.
func findIDX(dir string) (paths [4]string, err error) {
	entries, err := os.ReadDir(dir) // in the order of names: plain files before zipped ones
	if err != nil {
		return paths, fmt.Errorf("datasets: %w", err)
	}
	for _, e := range entries {
		role, ok := idxRole(e.Name())
		path := filepath.Join(dir, e.Name())
		if !ok || ignored(e.Name()) || isDir(path) {
			continue
		}
		switch first := paths[role]; first {
		case "":
			paths[role] = path
		case strings.TrimSuffix(path, ".gz"):
		default:
			return paths, fmt.Errorf("datasets: %s: files of several sets: %s, %s; want one set in a folder", dir,
				filepath.Base(first), e.Name())
		}
	}
	return paths, nil
}

// isIDXFolder recognises a folder by images to train on.
func isIDXFolder(dir string) bool {
	paths, err := findIDX(dir)
	return err != nil || paths[0] != ""
}

// openIDXFolder reads a user's own folder with the four files.
func (l *loading) openIDXFolder(dir string, opts Options) (*Set, error) {
	paths, err := findIDX(dir)
	if err != nil {
		return nil, err
	}
	s := Set{Name: filepath.Base(dir), Source: dir}
	s.Account.Division = opts.division(true)
	set, err := readIDXSet(s, dir, func(i int, f func(*input) error) error {
		if paths[i] == "" {
			return fmt.Errorf("datasets: %s: no %s, plain or with .gz", dir, idxNames()[i])
		}
		return l.file(paths[i], f)
	})
	return l.from(set, err, paths[:]...)
}

// findFile looks for a file, plain or zipped.
func findFile(dir, name string) (path string, ok bool) {
	for _, suffix := range []string{"", ".gz"} {
		path = filepath.Join(dir, name+suffix)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, true
		}
	}
	return "", false
}

// found lists those of the named files that the folder holds.
func found(dir string, names []string) (paths []string) {
	for _, name := range names {
		if path, ok := findFile(dir, name); ok {
			paths = append(paths, path)
		}
	}
	return paths
}
