package datasets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Info describes a data set that Open knows by name.
type Info struct {
	Name    string
	Summary string // one sentence
	Licence string
}

// Names lists the data sets that Open knows by name, the default one first.
func Names() []Info {
	var list []Info
	for _, n := range collection() {
		list = append(list, n.Info)
	}
	return list
}

// Options say where to look for a data set and how to read a user's own file.
// The zero value suits the built-in and the published sets. An option that has
// no effect on the given data is an error.
type Options struct {
	Dir     string // searched first for the files of a published set
	Cache   string // folder for downloads; "": petrify/ in the user's cache folder
	Offline bool   // never download

	// Progress, if not nil, is told the progress of a download, and Reading
	// that of reading a file, from the beginning each time it is read. They are
	// called from one goroutine at a time, not always the caller's.
	Progress, Reading Progress

	// Memory is how many bytes the data may take; 0: any number. If a file says
	// how many it holds, that is checked before they are read.
	Memory int64

	// Share is how much of the Free bytes decoded pictures, and images of npz and IDX files,
	// may take, 0 < s ≤ 1; 0 means 0.5. What needs more is kept in a file in Cache, which is mapped into memory, with
	// the same results. Free 0: they are always in memory.
	Share float64
	Free  int64

	// Label is the column that holds the label in a CSV file: its title, or
	// its number from 1, or from the end as −1. "none": there is none, and the
	// set has no classes. "": the column with a usual title, such as label, class,
	// target, y or price, or else the last one, unless another one holds words.
	// For an npz file only "none" is allowed.
	Label string

	// Target says what the samples are matched with. AnyTarget: numbers if they are
	// written as such, and otherwise classes.
	Target Target

	// Targets chooses the columns of a CSV file that are predicted, as Columns
	// does, instead of Label: numbers, or labels if there are several columns that
	// hold nothing but 0 and 1. In an npz file it names what is in a row of y.
	Targets []string

	// Header says whether the first row of a CSV file holds titles.
	Header Header

	// Columns chooses the features of a CSV file: titles, numbers from 1 or from
	// the end as −1, and ranges such as 2..5; with a ! before it, a column is
	// left out. nil: all but the label's, and an index without a title.
	Columns []string

	// Categories chooses the columns of a CSV file, as Columns does, whose words become
	// features: one for each word that occurs, 1 where the column holds it, else 0.
	Categories []string

	// Unseen says what other words, and missing ones, are in other tables: "refuse" (or
	// "") an error, "zero" 0 in all features of their column.
	Unseen string

	// Missing says what replaces missing values of features in a CSV file: mean or
	// median, of the training split, a number, or refuse; for all columns, or for one as
	// in age=mean. nil: they are refused.
	Missing []string

	// Normal names the classes whose samples are normal. The samples of others are
	// anomalous: they are tested with, and not trained on. nil: "normal", if Target is
	// AnomalyTargets.
	Normal []string

	// Test is a second file with the test split, of the same kind as the first.
	Test string

	// TestFraction is the share of each class that is split off for testing if
	// the data are not split already, 0 < f < 1. 0 means 0.2.
	TestFraction float64

	// Seed chooses which images are split off. It is not used for anything
	// else, since runs with different seeds should be tested on the same
	// images.
	Seed uint64

	// Shape (C H W) turns the rows of a table into images.
	Shape [3]int

	// ChannelsFirst says that the images of an npz file, or the rows that Shape
	// divides, are C H W, and signals C L. The default is H W C and L C.
	ChannelsFirst bool

	// Layout says what an npz file holds: "image", or "signal" for N×L×C, or N×L
	// for one channel, which become C 1 L. "": features if N×F, else images.
	Layout string

	// Mean and Std normalise each channel, after bytes have become 0 to 1, as a
	// network was trained elsewhere; one number is for all channels. nil: they
	// are measured on the training split.
	Mean, Std []float32

	// Sounds says how those of a folder are read.
	Sounds Sounds

	// Windows cut the recordings of a CSV file, or of a folder of them, into samples.
	Windows Windows

	// Masks says how the masks of an npz file or of a folder of pictures are read.
	Masks Masks

	// Size (H W) is what the pictures of a folder are scaled to. {0, 0}: they
	// must be of one size.
	Size [2]int
}

// Progress is told how many bytes of a file were downloaded or read. total is
// −1 if it is unknown.
type Progress func(file string, done, total int64)

// Open is [OpenContext] with a context that never ends.
func Open(name string, opts Options) (*Set, error) {
	return OpenContext(context.Background(), name, opts)
}

// OpenContext reads a data set into memory. name is one of Names, or else the
// path of
//
//   - a .npz file with the arrays x and y, or x_train, y_train, x_val, …, y_test,
//   - a .csv or .tsv file, one row an image, with a label column,
//   - a folder with four IDX files named like MNIST's or EMNIST's,
//   - a folder with the CIFAR-10 binary files,
//   - a folder with one folder of WAV files for each word, as Speech Commands has, or such
//     folders called train, val and test,
//   - a folder of CSV files, one a recording, or with one folder of them for each class,
//   - a folder with the folders images and masks, of pictures and of PNG files of the same
//     names whose pixels are classes, or such folders called train, val and test,
//   - a folder with one folder of pictures (PNG, JPEG, GIF, BMP, TIFF, WebP; of
//     several frames, the first) for each class, or such folders called train,
//     val and test.
//
// CSV, IDX and CIFAR-10 files may be gzipped. A name of Names takes precedence
// over a path; ./digits is always a path. Cancelling ctx stops downloading and
// reading.
func OpenContext(ctx context.Context, name string, opts Options) (*Set, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	s, err := openAny(ctx, name, opts.forAnomalies())
	if err == nil {
		s, err = s.anomalies(opts, false)
	}
	if err != nil {
		return nil, err
	}
	return s, s.normalise(opts)
}

func openAny(ctx context.Context, name string, opts Options) (*Set, error) {
	for _, n := range collection() {
		if n.Name != name {
			continue
		}
		if err := opts.allow(n.what, nil); err != nil {
			return nil, err
		}
		s, err := n.open(ctx, opts)
		if err != nil {
			return nil, err
		}
		s.Account.Kind, s.Account.Division = n.what, n.division
		return s, nil
	}
	return newLoading(ctx, opts).openPath(name, opts)
}

func (o Options) validate() error {
	if !(o.TestFraction >= 0 && o.TestFraction < 1) {
		return fmt.Errorf("datasets: test fraction %v out of range, want 0 < f < 1", o.TestFraction)
	}
	if !(o.Share >= 0 && o.Share <= 1) {
		return fmt.Errorf("datasets: share %v of the memory, want 0 < share ≤ 1", o.Share)
	}
	if o.Test != "" && o.TestFraction != 0 {
		return fmt.Errorf("datasets: test file %s and test fraction %v exclude each other", o.Test, o.TestFraction)
	}
	if len(o.Targets) > 0 && (o.Label != "" || o.Target == ClassTarget) {
		return fmt.Errorf("datasets: targets %v with a label or classes: want one of them", o.Targets)
	}
	if s := o.Shape; s != [3]int{} && (s[0] < 1 || s[1] < 1 || s[2] < 1) {
		return fmt.Errorf("datasets: shape %v, want three positive numbers C H W", s)
	}
	if o.Layout != "" && o.Layout != "image" && o.Layout != "signal" {
		return fmt.Errorf("datasets: layout %q, want image or signal", o.Layout)
	}
	if o.Layout != "" && o.Shape != [3]int{} {
		return fmt.Errorf("datasets: layout %s and shape %v exclude each other", o.Layout, o.Shape)
	}
	if o.Windows.Length > 0 && len(o.Categories)+len(o.Missing)+len(o.Unseen) > 0 {
		return errors.New("datasets: windows are of numbers: Categories, Unseen and Missing have no effect; " +
			"data.windows.missing says what to do about missing values")
	}
	if o.Windows.Length > 0 && (o.Shape != [3]int{} || o.ChannelsFirst) {
		return errors.New("datasets: windows give samples their shape: Shape and ChannelsFirst have no effect")
	}
	if err := errors.Join(o.Windows.validate(), o.Masks.validate(), o.checkTableOptions()); err != nil {
		return err
	}
	if s := o.Size; s != [2]int{} && (s[0] < 1 || s[1] < 1) {
		return fmt.Errorf("datasets: size %v, want two positive numbers H W", s)
	}
	return nil
}

// places are the options that say where data are, not how they are read.
func (o Options) places() Options {
	return Options{Dir: o.Dir, Cache: o.Cache, Offline: o.Offline, Progress: o.Progress, Reading: o.Reading,
		Memory: o.Memory, Share: o.Share, Free: o.Free}
}

// allow refuses options that are set but not in the list.
func (o Options) allow(what string, allowed []string) error {
	windows := o.Windows.Length > 0 && slices.Contains(allowed, "Windows")
	if o.Target == PixelTargets && !slices.Contains(allowed, "Masks") && !windows {
		return fmt.Errorf("datasets: %s: no masks: want an npz file with masks y, N×H×W, a folder with the folders "+
			"images and masks, or recordings with a class for each row and data.windows.length", what)
	}
	var refused []string
	check := func(name string, set bool) {
		for _, a := range allowed {
			set = set && a != name
		}
		if set {
			refused = append(refused, name)
		}
	}
	check("Label", o.Label != "")
	check("Target", o.Target == NumberTargets || o.Target == LabelTargets)
	check("Targets", len(o.Targets) > 0)
	check("Header", o.Header != HeaderAuto)
	check("Columns", len(o.Columns) > 0)
	check("Categories", len(o.Categories) > 0)
	check("Unseen", o.Unseen != "")
	check("Missing", len(o.Missing) > 0)
	check("Test", o.Test != "")
	check("TestFraction", o.TestFraction != 0)
	check("Seed", o.Seed != 0)
	check("Shape", o.Shape != [3]int{})
	check("ChannelsFirst", o.ChannelsFirst)
	check("Layout", o.Layout != "")
	check("Sounds", o.Sounds.isSet())
	check("Size", o.Size != [2]int{})
	check("Windows", o.Windows != Windows{})
	check("Masks", o.Masks.isSet())
	if refused == nil {
		return nil
	}
	return fmt.Errorf("datasets: options without effect on %s: %s", what, strings.Join(refused, ", "))
}
