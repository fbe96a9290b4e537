package datasets

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// openNPZ reads NumPy's npz file. The images are called x, images, data or
// features, the labels y, labels, label, target or targets, in any case, alone
// or with train_ or test_ before or after: x_train, train_images. Images are
// N×H×W, N×H×W×C (N×C×H×W with ChannelsFirst), or N×F; bytes stay bytes, other
// numbers become float32. Labels are N or N×1 integers.
func (l *loading) openNPZ(path string, opts Options) (*Set, error) {
	if opts.Label != "" && opts.Label != "none" {
		return nil, fmt.Errorf("datasets: %s: label %q, in an npz file only none has a meaning", path, opts.Label)
	}
	parts, err := l.readNPZ(path)
	if err != nil {
		return nil, err
	}
	train, test := parts["train"], parts["test"]
	if opts.Test != "" {
		other, err := l.readNPZ(opts.Test)
		if err != nil {
			return nil, err
		}
		if test != nil {
			return nil, fmt.Errorf("datasets: %s has a test split of its own: the option Test has no effect", path)
		}
		if test = other["test"]; test == nil {
			test = other["train"]
		}
	}
	if test != nil && (opts.TestFraction != 0 || opts.Seed != 0) {
		return nil, fmt.Errorf("datasets: %s has a test split: TestFraction and Seed have no effect", path)
	}
	s := Set{Name: baseName(path), Source: path}
	if s.Train, s.Shape, err = train.split(opts); err != nil {
		return nil, fmt.Errorf("datasets: %s: training split: %w", path, err)
	}
	splits := []*Split{s.Train}
	if test != nil {
		if err := addTest(&s, test, opts); err != nil {
			return nil, fmt.Errorf("datasets: %s: test split: %w", path, err)
		}
		splits = append(splits, s.Test)
	}
	if opts.Label != "none" {
		if err := s.numberClasses(splits...); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
	}
	if test == nil {
		s.Train, s.Test = divide(s.Train, opts)
	}
	s.Account.Division = opts.division(test != nil)
	return newSet(s, path)
}

func addTest(s *Set, test *npzPart, opts Options) error {
	split, shape, err := test.split(opts)
	if err != nil {
		return err
	}
	if shape != s.Shape {
		return fmt.Errorf("images of shape %v, in training %v", shape, s.Shape)
	}
	s.Test = split
	return nil
}

// baseName names a set after its file.
func baseName(path string) string {
	name := filepath.Base(strings.TrimSuffix(path, ".gz"))
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// npzPart is the arrays of one split.
type npzPart struct{ x, y *array }

// readNPZ reads the arrays whose names it knows and skips the others.
func (l *loading) readNPZ(path string) (map[string]*npzPart, error) {
	archive, err := l.archive(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	parts := map[string]*npzPart{}
	var names []string
	var all []*array
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		names = append(names, name)
		part, role := npzRole(name)
		if role == 0 {
			continue
		}
		a, err := archive.array(f)
		if err != nil {
			return nil, err
		}
		a.whole = role == 'y'
		all = append(all, a)
		p := parts[part]
		if p == nil {
			p = &npzPart{}
			parts[part] = p
		}
		slot := &p.x
		if role == 'y' {
			slot = &p.y
		}
		if *slot != nil {
			return nil, fmt.Errorf("datasets: %s: two arrays could be the %s of %s: %s",
				path, string(role), part, strings.Join(names, ", "))
		}
		*slot = a
	}
	if parts["train"] == nil {
		return nil, fmt.Errorf("datasets: %s: arrays %s, want x and y, or x_train, y_train, x_test, y_test",
			path, clip(strings.Join(names, ", ")))
	}
	return parts, archive.read(all)
}

// read reads the elements of arrays, once there is room for all of them.
func (a *archive) read(all []*array) error {
	var need int64
	for _, x := range all {
		need += x.size()
	}
	if err := a.hold(need); err != nil {
		return fmt.Errorf("datasets: %s: %w", a.name, err)
	}
	for _, x := range all {
		if err := x.read(); err != nil {
			return err
		}
	}
	return nil
}

// npzRole says which split an array belongs to, and whether it holds the
// images (x), the labels (y) or neither (0).
func npzRole(name string) (part string, role rune) {
	name = strings.ToLower(name)
	part = "train"
	for _, p := range []string{"train", "test"} {
		short := strings.TrimSuffix(strings.TrimPrefix(name, p+"_"), "_"+p)
		if short != name {
			part, name = p, short
			break
		}
	}
	switch name {
	case "x", "images", "data", "features":
		return part, 'x'
	case "y", "labels", "label", "target", "targets":
		return part, 'y'
	}
	return "", 0
}

// split turns arrays into images, channels last.
func (p *npzPart) split(opts Options) (*Split, [3]int, error) {
	var shape [3]int
	if p.x == nil {
		return nil, shape, errors.New("no array of images: x, images, data or features")
	}
	if len(p.x.shape) < 2 || p.x.shape[0] == 0 {
		return nil, shape, fmt.Errorf("images of shape %v, want N×H×W, N×H×W×C or N×F with N > 0", p.x.shape)
	}
	n := p.x.shape[0]
	split := &Split{Labels: make([]int32, n)}
	if opts.Label != "none" {
		if err := p.labels(split.Labels); err != nil {
			return nil, shape, err
		}
	}
	shape, err := imageShape(p.x.shape, opts)
	if err != nil {
		return nil, shape, err
	}
	split.Images, split.Values = p.x.bytes, p.x.floats
	if opts.ChannelsFirst {
		split.reorder(shape)
	}
	return split, shape, nil
}

// imageShape says what C H W the images of an array of shape N×… have.
func imageShape(shape []int, opts Options) ([3]int, error) {
	s := shape[1:]
	if opts.Shape != [3]int{} {
		if len(s) > 1 {
			return [3]int{}, fmt.Errorf("images of shape %v: the option Shape has no effect", shape)
		}
		if opts.Shape[0]*opts.Shape[1]*opts.Shape[2] != s[0] {
			return [3]int{}, fmt.Errorf("%d columns do not make images of shape %v", s[0], opts.Shape)
		}
		return opts.Shape, nil
	}
	if opts.ChannelsFirst {
		if len(s) != 3 {
			return [3]int{}, fmt.Errorf("images of shape %v have no channels to be first", shape)
		}
		return [3]int(s), nil
	}
	switch len(s) {
	case 1:
		return [3]int{s[0], 1, 1}, nil
	case 2:
		return [3]int{1, s[0], s[1]}, nil
	case 3:
		return [3]int{s[2], s[0], s[1]}, nil
	}
	return [3]int{}, fmt.Errorf("images of shape %v, want N×H×W, N×H×W×C or N×F", shape)
}

// labels checks and copies the labels.
func (p *npzPart) labels(dst []int32) error {
	if p.y == nil {
		return errors.New("no array of labels: y, labels, label, target or targets (or say that there is none)")
	}
	s := p.y.shape
	if len(s) == 0 || s[0] != len(dst) || len(s) > 2 || len(s) == 2 && s[1] != 1 {
		return fmt.Errorf("labels of shape %v for %d images, want [%d] or [%d 1]", s, len(dst), len(dst), len(dst))
	}
	if p.y.floats != nil {
		return errors.New("labels are floating-point numbers, want integers")
	}
	for i := range dst {
		var v int64
		if p.y.bytes != nil {
			v = int64(p.y.bytes[i])
		} else {
			v = p.y.ints[i]
		}
		if int64(int32(v)) != v {
			return fmt.Errorf("label %d of image %d, want a number of 32 bits", v, i)
		}
		dst[i] = int32(v)
	}
	return nil
}

// reorder turns all images of a split from C H W to H W C.
func (s *Split) reorder(shape [3]int) {
	size := shape[0] * shape[1] * shape[2]
	if s.Images != nil {
		reorder(s.Images, size, shape)
	} else {
		reorder(s.Values, size, shape)
	}
}

func reorder[T uint8 | float32](x []T, size int, shape [3]int) {
	src := make([]T, size)
	for i := 0; i < len(x); i += size {
		copy(src, x[i:i+size])
		channelsLast(x[i:i+size], src, shape)
	}
}
