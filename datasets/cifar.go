package datasets

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cifarNames are the files of CIFAR-10's binary version: five training batches
// and the test batch.
func cifarNames() []string {
	return []string{
		"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
		"data_batch_4.bin", "data_batch_5.bin", cifarTest,
	}
}

const (
	cifarTest = "test_batch.bin"
	cifarMeta = "batches.meta.txt" // the class names
)

// cifarLayout is that of A. Krizhevsky, Learning Multiple Layers of Features
// from Tiny Images, 2009: a label, then 1,024 bytes each of red, green, blue.
func cifarLayout() recordLayout {
	return recordLayout{shape: [3]int{3, 32, 32}, classes: 10}
}

// readCIFARSet reads the six files of a set, which errors call name.
func readCIFARSet(s Set, name string, open opener) (*Set, error) {
	s.Shape = cifarLayout().shape
	s.Account.Channels = "RGB"
	s.Train, s.Test = &Split{}, &Split{}
	for i, file := range cifarNames() {
		split := s.Train
		if file == cifarTest {
			split = s.Test
		}
		err := open(i, func(in *input) error {
			part, err := readRecords(in, cifarLayout())
			if err != nil {
				return err
			}
			split.Images = append(split.Images, part.Images...)
			split.Labels = append(split.Labels, part.Labels...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return newSet(s, name)
}

// openCIFARFolder reads a user's own data in the format of CIFAR-10's binary
// version: one to five training batches and a test batch, of any length, and
// optionally the class names, one per line, in batches.meta.txt.
func (l *loading) openCIFARFolder(dir string, opts Options) (*Set, error) {
	classes, err := cifarClasses(filepath.Join(dir, cifarMeta), cifarLayout().classes)
	if err != nil {
		return nil, err
	}
	s := Set{Name: filepath.Base(dir), Source: dir, Classes: classes}
	s.Account.Division = opts.division(true)
	names := cifarNames()
	return readCIFARSet(s, dir, func(i int, f func(*input) error) error {
		path, ok := findFile(dir, names[i])
		if ok {
			return l.file(path, f)
		}
		if names[i] == cifarTest {
			return fmt.Errorf("datasets: %s: no %s, plain or with .gz", dir, cifarTest)
		}
		return nil
	})
}

// cifarClasses reads the class names; without a file, classes are numbered.
func cifarClasses(path string, want int) ([]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return numbered(want), nil
	}
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	defer file.Close()
	var names []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name := strings.TrimSpace(lines.Text()); name != "" {
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	if len(names) != want {
		return nil, fmt.Errorf("datasets: %s: %d class names, want %d", path, len(names), want)
	}
	return names, nil
}
