package datasets

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// openNPZ reads NumPy's npz file. The images are called x, images, data or
// features, the labels y, labels, label, target or targets, in any case, alone
// or with the name of a split before or after: x_train, val_images. Bytes
// stay bytes, other numbers become float32. Labels are N or N×1 integers, masks N×H×W.
func (l *loading) openNPZ(path string, opts Options) (*Set, error) {
	if opts.Label != "" && opts.Label != "none" {
		return nil, fmt.Errorf("datasets: %s: label %q, in an npz file only none has a meaning", path, opts.Label)
	}
	parts, passed, err := l.readNPZ(path, opts)
	if err != nil {
		return nil, err
	}
	if opts.Test != "" {
		other, _, err := l.readNPZ(opts.Test, opts)
		if err != nil {
			return nil, err
		}
		if parts[toTest] != nil {
			return nil, fmt.Errorf("datasets: %s has a test split of its own: the option Test has no effect", path)
		}
		if parts[toTest] = other[toTest]; parts[toTest] == nil {
			parts[toTest] = other[toTrain]
		}
	}
	division, err := separate(path, &parts, opts)
	if err != nil {
		return nil, err
	}
	s := Set{Name: baseName(path), Source: path}
	if s.Target, err = parts[toTrain].target(opts); err == nil {
		opts.Target = s.Target
		err = s.fill(parts, opts, l.targets())
	}
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	if s.Target == PixelTargets {
		err = s.classifyPixels(opts.Masks, l.targets())
	} else if opts.Masks.isSet() {
		err = errors.New("options without effect, as there are no masks: Masks")
	}
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	if opts.Label != "none" && s.Targets == nil {
		if err := s.numberClasses(); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
	}
	if s.Test == nil {
		s.Train, s.Test = l.divide(s.Train, opts)
	}
	s.Account.Division = division
	if passed != nil {
		s.Account.warn("arrays passed over: %s", listed(passed))
	}
	for _, p := range parts {
		if p != nil {
			s.Account.Disk = onDisk(s.Account.Disk, p.x.disk)
		}
	}
	s.Account.array(parts[toTrain].x, opts)
	return newSet(s, path)
}

// fill turns arrays into splits.
func (s *Set) fill(parts [3]*npzPart, opts Options, known []string) error {
	for i, to := range []**Split{&s.Train, &s.Validation, &s.Test} {
		if parts[i] == nil {
			continue
		}
		split, shape, err := parts[i].split(opts)
		if err != nil {
			return fmt.Errorf("%s split: %w", splitName(i), err)
		}
		if i == toTrain {
			s.Shape = shape
			if split.Targets != nil {
				err = s.nameTargets(len(split.Targets)/split.Len(), opts.Targets, known)
			} else if len(opts.Targets) > 0 {
				err = errors.New("options without effect, as neither numbers nor labels are predicted: Targets")
			}
			if err != nil {
				return err
			}
		}
		if shape != s.Shape {
			return fmt.Errorf("%s split: images of shape %v, in training %v", splitName(i), shape, s.Shape)
		}
		*to = split
	}
	return nil
}

// baseName names a set after its file.
func baseName(path string) string {
	name := filepath.Base(strings.TrimSuffix(path, ".gz"))
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// npzPart is the arrays of one split.
type npzPart struct{ x, y *array }

// readNPZ reads the arrays whose names it knows and names the others.
func (l *loading) readNPZ(path string, opts Options) (parts [3]*npzPart, passed []string, err error) {
	archive, err := l.archive(path)
	if err != nil {
		return parts, nil, err
	}
	defer archive.Close()
	var names []string
	var all []*array
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		names = append(names, name)
		part, role := npzRole(name)
		if role == 0 {
			passed = append(passed, name)
			continue
		}
		a, err := archive.array(f)
		if err != nil {
			return parts, nil, err
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
			return parts, nil, fmt.Errorf("datasets: %s: two arrays could be the %s of the %s split: %s",
				path, string(role), splitName(part), strings.Join(names, ", "))
		}
		*slot = a
	}
	if parts[toTrain] == nil {
		return parts, nil, fmt.Errorf("datasets: %s: arrays %s, want x and y, or x_train, y_train, x_val, …, y_test",
			path, clip(strings.Join(names, ", ")))
	}
	return parts, passed, archive.read(all, opts)
}

// read reads the elements of arrays, once there is room for all of them; images go to disk
// where that is more than their share of the memory.
func (a *archive) read(all []*array, opts Options) error {
	var need, images int64
	for _, x := range all {
		if need += x.size(); !x.whole {
			images += x.size()
		}
	}
	toDisk := a.beyond(need)
	if toDisk {
		need -= images
	}
	if err := a.hold(need); err != nil {
		return fmt.Errorf("datasets: %s: %w", a.name, err)
	}
	for _, x := range all {
		if toDisk && !x.whole && x.elements() > 0 {
			if err := x.store(a.file.Name(), opts); err != nil {
				return err
			}
			continue
		}
		if err := x.read(); err != nil {
			return err
		}
		if err := x.finite(); err != nil {
			return err
		}
	}
	return nil
}

// finite names the first element that is not a finite number as NumPy does.
func (a *array) finite() error {
	for i, v := range a.floats {
		if v-v != 0 {
			return a.notFinite(i, v)
		}
	}
	return nil
}

// notFinite names element i, which is v.
func (a *array) notFinite(i int, v float32) error {
	var index []string
	for _, n := range slices.Backward(a.shape) {
		index, i = append(index, strconv.Itoa(i%n)), i/n
	}
	slices.Reverse(index)
	return fmt.Errorf("datasets: %s[%s] is %v, want a finite number", strings.TrimSuffix(a.in.name, ".npy"),
		strings.Join(index, ", "), v)
}

// npzRole says which split an array belongs to, and whether it holds the
// images (x), the labels (y) or neither (0).
func npzRole(name string) (split int, role rune) {
	name = strings.ToLower(name)
	if at := strings.IndexByte(name, '_'); at >= 0 {
		first, last := name[:at], name[at+1:]
		if n, ok := splitOf(first); ok {
			split, name = n, last
		} else if n, ok := splitOf(last); ok {
			split, name = n, first
		}
	}
	switch name {
	case "x", "images", "data", "features":
		return split, 'x'
	case "y", "labels", "label", "target", "targets":
		return split, 'y'
	}
	return 0, 0
}

// split turns arrays into images, channels last.
func (p *npzPart) split(opts Options) (*Split, [3]int, error) {
	if p.x == nil {
		return nil, [3]int{}, errors.New("no array of images: x, images, data or features")
	}
	shape, _, err := p.x.layout(opts)
	if err != nil {
		return nil, shape, err
	}
	n := p.x.shape[0]
	split := &Split{Labels: make([]int32, n)}
	switch {
	case opts.Label == "none":
	case (opts.Target == NumberTargets || opts.Target == LabelTargets) && p.y != nil:
		split.Targets, err = p.targets(n)
	case opts.Target == PixelTargets && p.y != nil:
		split.Masks, err = p.masks(shape)
	default:
		err = p.labels(split.Labels)
	}
	if err != nil {
		return nil, shape, err
	}
	split.Images, split.Values, split.mapped = p.x.bytes, p.x.floats, p.x.disk != ""
	if opts.ChannelsFirst && !split.mapped {
		split.reorder(shape)
	}
	return split, shape, nil
}

// labels checks and copies the labels.
func (p *npzPart) labels(dst []int32) error {
	if p.y == nil {
		return errors.New("no array of labels: y, labels, label, target or targets; data.label: none reads none")
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
