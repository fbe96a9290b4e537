package datasets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Inputs are samples without labels, read for a network.
type Inputs struct {
	Set    *Set   // all of them in both splits, with names and without classes
	Passed string // what was passed over, such as "2 .txt" or "column 3"; "": nothing

	Warnings []string // what looks like a mistake
}

// ReadInputs reads what a network is to compute: a picture or a sound, a folder of
// such, a table, or an array in an npy or npz file. Inputs that are not as
// the contract says are refused.
func ReadInputs(ctx context.Context, path string, c Contract) (*Inputs, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	l, in := c.loading(ctx), &Inputs{}
	var split *Split
	switch kind := form(path); {
	case c.Options.Windows.Length > 0 && (isTable(path) || info.IsDir()):
		split, in.Passed, err = l.windowInputs(path)
	case info.IsDir():
		split, in.Passed, err = l.folderInputs(path)
	case kind == ".csv" || kind == ".tsv":
		split, in.Passed, err = l.tableInputs(path)
	case kind == ".npz":
		split, err = l.npzInputs(path)
	case kind == ".npy":
		err = l.file(path, func(stream *input) error {
			a, err := openNPY(stream)
			if err != nil {
				return err
			}
			split, err = a.inputs(path)
			return err
		})
	case isPicture(path):
		split, err = l.pictureInputs([]string{path})
	case isSound(path):
		split, in.Passed, err = l.soundInputs([]string{path})
	default:
		err = fmt.Errorf("datasets: %s: want a table (.csv, .tsv), an array (.npy, .npz), a picture (%s), a sound (.wav) "+
			"or a folder of pictures or sounds", path, strings.Join(pictureForms(), ", "))
	}
	if err != nil {
		return nil, err
	}
	in.Warnings = l.warned
	in.Set, err = newSet(Set{Name: path, Shape: c.Shape, Train: split, Test: split,
		PixelScale: c.PixelScale, Mean: c.Mean, Std: c.Std}, path)
	return in, err
}

// folderInputs reads all pictures in a folder and the folders in it, or all sounds for a
// network of sounds.
func (l *loading) folderInputs(dir string) (split *Split, passed string, err error) {
	var paths []string
	others := map[string]int{}
	l.folder = &tally{name: dir}
	kind, forms := "pictures", pictureForms()
	if l.like.Sound != nil {
		kind, forms = "sounds", soundForms()
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && ignored(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.IsDir():
		case slices.Contains(forms, extension(path)):
			paths = append(paths, path)
			if info, err := e.Info(); err == nil {
				l.folder.total += info.Size()
			}
		default:
			others[extension(path)]++
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("datasets: %w", err)
	}
	if paths == nil {
		return nil, "", fmt.Errorf("datasets: %s: no %s (%s)", dir, kind, strings.Join(forms, ", "))
	}
	passed = listPassed(others)
	if l.like.Sound == nil {
		split, err = l.pictureInputs(paths)
		return split, passed, err
	}
	split, ends, err := l.soundInputs(paths)
	if passed != "" && ends != "" {
		passed += ", "
	}
	return split, passed + ends, err
}

// soundInputs reads sounds; passed says whether some go on after what a network hears.
func (l *loading) soundInputs(paths []string) (split *Split, passed string, err error) {
	c := choir{loading: l, account: &SoundAccount{}, tree: tree{paths: paths, labels: make([]int32, len(paths))},
		silence: -1, unknown: -1}
	if err := c.begin(paths[0]); err != nil {
		return nil, "", err
	}
	rows := make([]int, len(paths))
	for i := range rows {
		rows[i] = i
	}
	split, err = c.split(rows, toTest)
	var all []string
	if c.account.Cut > 0 {
		all = append(all, fmt.Sprintf("what follows the first %.4g s of %d sounds",
			float64(c.front.Length)/float64(c.front.Rate), c.account.Cut))
	}
	if c.account.Clipped > 0 {
		all = append(all, fmt.Sprintf("what is beyond -1 to 1 in %d sounds", c.account.Clipped))
	}
	return split, strings.Join(all, ", "), err
}

// pictureInputs reads pictures as deep as those of training.
func (l *loading) pictureInputs(paths []string) (*Split, error) {
	c := *l.like
	if err := c.takesPictures(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", paths[0], err)
	}
	size, width := c.size(), 1
	if !c.bytes() {
		width = 4
	}
	if err := l.hold(int64(len(paths) * size * width)); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", paths[0], err)
	}
	split := &Split{Labels: make([]int32, len(paths)), Names: paths}
	if c.bytes() {
		split.Images = make([]uint8, len(paths)*size)
	} else {
		split.Values = make([]float32, len(paths)*size)
	}
	for i, path := range paths {
		r, err := l.picture(path)
		if err != nil {
			return nil, err
		}
		if r, err = c.fit(r); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
		if c.bytes() {
			put(split.Images[i*size:], r, c.Shape[0])
		} else {
			put(split.Values[i*size:], r, c.Shape[0])
		}
	}
	return split, nil
}

// tableInputs reads the rows of a table that has the columns of training.
func (l *loading) tableInputs(path string) (split *Split, passed string, err error) {
	c := *l.like
	if c.bytes() {
		return nil, "", fmt.Errorf("datasets: %s: a table has values; the model wants %s", path, c)
	}
	opts := c.options()
	opts.Label = "none"
	t, err := l.readCSVFile(path, &c, opts)
	if err != nil {
		return nil, "", err
	}
	split = &Split{Values: t.values, Labels: make([]int32, t.rows())}
	if opts.ChannelsFirst {
		split.reorder(c.Shape)
	}
	for i := range split.Labels {
		split.Names = append(split.Names, fmt.Sprintf("%s row %d", path, i+1))
	}
	var others []string
	for _, c := range t.LeftOut {
		others = append(others, c.Column)
	}
	return split, listed(others), nil
}

// npzInputs reads the one array of inputs in an npz file.
func (l *loading) npzInputs(path string) (*Split, error) {
	archive, err := l.archive(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	var names, all []string
	var found *array
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		all = append(all, name)
		if _, role := npzRole(name); role != 'x' && len(archive.File) > 1 {
			continue
		}
		names = append(names, name)
		if found, err = archive.array(f); err != nil {
			return nil, err
		}
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("datasets: %s: arrays %s, want one of inputs: x, images, data or features", path,
			clip(strings.Join(all, ", ")))
	}
	return found.inputs(path)
}

// inputs reads an array of samples.
func (a *array) inputs(path string) (*Split, error) {
	c := *a.in.like
	refuse := func(err error) (*Split, error) {
		return nil, fmt.Errorf("datasets: %s: %w; the model wants %s", path, err, c)
	}
	opts := c.options()
	shape, _, err := a.layout(opts)
	if err != nil {
		return refuse(err)
	}
	if shape != c.Shape {
		return refuse(fmt.Errorf("inputs of %s", Account{Shape: shape}.shape()))
	}
	if err := a.in.hold(a.size()); err != nil {
		return refuse(err)
	}
	if err := errors.Join(a.read(), a.finite()); err != nil {
		return nil, err
	}
	if (a.bytes != nil) != c.bytes() {
		return refuse(fmt.Errorf("numbers of type %s", a.descr))
	}
	split := &Split{Images: a.bytes, Values: a.floats, Labels: make([]int32, a.shape[0])}
	if opts.ChannelsFirst {
		split.reorder(shape)
	}
	for i := range split.Labels {
		split.Names = append(split.Names, fmt.Sprintf("%s[%d]", path, i))
	}
	return split, nil
}
