package datasets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Contract is what a trained network must be fed.
type Contract struct {
	Shape      [3]int // C H W
	PixelScale float32
	Mean, Std  []float32     // per channel
	Table      *TableAccount // that it was trained on; nil: unknown, or none
	Depth      int           // bits of a channel, if it was trained on pictures
	Options    Options       // how the data of training were read
}

// Inputs are samples without labels, read for a network.
type Inputs struct {
	Set    *Set     // all of them in both splits, without classes
	Names  []string // by sample: a file, or a place in one
	Passed string   // what was passed over, such as "2 .txt" or "column 3"; "": nothing
}

// bytes reports whether the network was trained on bytes, which are scaled,
// and not on values taken as they are.
func (c Contract) bytes() bool { return c.PixelScale != 1 }

// size is the number of values of a sample.
func (c Contract) size() int { return c.Shape[0] * c.Shape[1] * c.Shape[2] }

// options are how data like those of training are read.
func (c Contract) options() Options {
	o := c.Options.places()
	o.Shape, o.ChannelsFirst, o.Layout, o.Size = c.Shape, c.Options.ChannelsFirst, c.Options.Layout, c.Options.Size
	return o
}

// OpenLike reads data with labels, as [OpenContext] does, for a network that was
// trained on others: a table's columns are found by their titles, in any order,
// and pictures are made as those of training were. Data without a test split are
// not divided: both splits are all of them.
func OpenLike(ctx context.Context, name string, c Contract) (*Set, error) {
	for _, n := range collection() {
		if n.Name == name {
			return OpenContext(ctx, name, c.Options.places())
		}
	}
	return c.loading(ctx).openPath(name, c.options())
}

func (c Contract) loading(ctx context.Context) *loading {
	l := newLoading(ctx, c.Options)
	l.like = &c
	return l
}

// ReadInputs reads what a network is to compute: a picture, a folder of
// pictures, a table, or an array in an npy or npz file. Inputs that are not as
// the contract says are refused.
func ReadInputs(ctx context.Context, path string, c Contract) (*Inputs, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	l, in := c.loading(ctx), &Inputs{}
	var split *Split
	switch kind := form(path); {
	case info.IsDir():
		split, err = l.folderInputs(path, c, in)
	case kind == ".csv" || kind == ".tsv":
		split, err = l.tableInputs(path, c, in)
	case kind == ".npz":
		split, err = l.npzInputs(path, c, in)
	case kind == ".npy":
		err = l.file(path, func(stream *input) error {
			a, err := openNPY(stream)
			if err != nil {
				return err
			}
			split, err = a.inputs(path, c, in)
			return err
		})
	case isPicture(path):
		split, err = l.pictureInputs([]string{path}, c, in)
	default:
		err = fmt.Errorf("datasets: %s: want a table (.csv, .tsv), an array (.npy, .npz), a picture (%s) or a folder "+
			"of pictures", path, strings.Join(pictureForms(), ", "))
	}
	if err != nil {
		return nil, err
	}
	in.Set, err = newSet(Set{Name: path, Shape: c.Shape, Train: split, Test: split,
		PixelScale: c.PixelScale, Mean: c.Mean, Std: c.Std}, path)
	return in, err
}

// folderInputs reads all pictures in a folder and the folders in it.
func (l *loading) folderInputs(dir string, c Contract, in *Inputs) (*Split, error) {
	var paths []string
	passed := map[string]int{}
	l.folder = &tally{name: dir}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && ignored(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.IsDir():
		case isPicture(path):
			paths = append(paths, path)
			if info, err := e.Info(); err == nil {
				l.folder.total += info.Size()
			}
		default:
			passed[extension(path)]++
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	if paths == nil {
		return nil, fmt.Errorf("datasets: %s: no pictures (%s)", dir, strings.Join(pictureForms(), ", "))
	}
	in.Passed = listPassed(passed)
	return l.pictureInputs(paths, c, in)
}

// pictureInputs reads pictures as deep as those of training.
func (l *loading) pictureInputs(paths []string, c Contract, in *Inputs) (*Split, error) {
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
	split := &Split{Labels: make([]int32, len(paths))}
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
	in.Names = paths
	return split, nil
}

// takesPictures returns an error unless the network can be fed with pictures.
func (c Contract) takesPictures() error {
	if c.bytes() && c.PixelScale != 1.0/255 || !c.bytes() && c.Depth != 16 || c.Shape[0] != 1 && c.Shape[0] != 3 {
		return fmt.Errorf("a picture has bytes 0 to 255 in 1 or 3 channels; the model wants %s", c)
	}
	return nil
}

// fit makes a picture like those of training.
func (c Contract) fit(r raster) (raster, error) {
	if (r.bits == 8) != c.bytes() {
		return raster{}, fmt.Errorf("%d bits a channel; the model wants %s", r.bits, c)
	}
	size, want := [2]int{r.h, r.w}, [2]int(c.Shape[1:])
	if size != want && c.Options.Size != want {
		return raster{}, fmt.Errorf("%d×%d pixels, the model wants %d×%d, and its training scaled no pictures",
			r.h, r.w, want[0], want[1])
	}
	if c.Shape[0] == 1 && r.coloured() {
		return raster{}, errors.New("the picture is in colour, the model was trained on grey ones")
	}
	if size != want {
		r = r.scale(want)
	}
	return r, nil
}

// tableInputs reads the rows of a table that has the columns of training.
func (l *loading) tableInputs(path string, c Contract, in *Inputs) (*Split, error) {
	if c.bytes() {
		return nil, fmt.Errorf("datasets: %s: a table has values; the model wants %s", path, c)
	}
	opts := c.options()
	opts.Label = "none"
	t, err := l.readCSVFile(path, &c, opts)
	if err != nil {
		return nil, err
	}
	var passed []string
	for _, c := range t.LeftOut {
		passed = append(passed, c.Column)
	}
	in.Passed = listed(passed)
	split := &Split{Values: t.values, Labels: make([]int32, t.rows())}
	if opts.ChannelsFirst {
		split.reorder(c.Shape)
	}
	for i := range split.Labels {
		in.Names = append(in.Names, fmt.Sprintf("%s row %d", path, i+1))
	}
	return split, nil
}

// npzInputs reads the one array of inputs in an npz file.
func (l *loading) npzInputs(path string, c Contract, in *Inputs) (*Split, error) {
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
	return found.inputs(path, c, in)
}

// inputs reads an array of samples.
func (a *array) inputs(path string, c Contract, in *Inputs) (*Split, error) {
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
		in.Names = append(in.Names, fmt.Sprintf("%s[%d]", path, i))
	}
	return split, nil
}

// String returns text such as "3 × 32 × 32 (channels, height, width), bytes".
func (c Contract) String() string {
	what := "values, not bytes"
	switch {
	case c.bytes() && c.PixelScale == 1.0/255:
		what = "bytes"
	case c.bytes():
		what = fmt.Sprintf("bytes of which %.4g is 1", 1/c.PixelScale)
	case c.Depth == 16:
		what = "values of 16 bits"
	}
	return fmt.Sprintf("%s, %s", Account{Shape: c.Shape}.shape(), what)
}
