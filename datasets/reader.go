package datasets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// reader reads one kind of file or folder. [Open] knows kinds only from these
// rows: the first that recognises a path reads it.
type reader struct {
	what    string                // such as "an npz file", for messages
	forms   []string              // the extensions of a file, without .gz; nil: it is a folder
	holds   func(dir string) bool // recognises a folder by what it holds
	options []string              // the fields of [Options] that have an effect
	open    func(l *loading, path string, opts Options) (*Set, error)

	// files are those that the set was read from; nil: open has listed them.
	files func(path string, opts Options) []string
}

// readers is their table.
func readers() []reader {
	table := []string{"Label", "Test", "TestFraction", "Seed", "Shape", "ChannelsFirst"}
	rows := append([]string{"Header", "Columns", "Windows"}, table...)
	both := func(path string, opts Options) []string { return []string{path, opts.Test} }
	return []reader{
		{what: "an npz file", forms: []string{".npz"}, options: append([]string{"Layout", "Target", "Targets", "Masks"}, table...),
			open: (*loading).openNPZ, files: both},
		{what: "a CSV file", forms: []string{".csv", ".tsv"},
			options: append([]string{"Target", "Targets", "Categories", "Unseen", "Missing"}, rows...),
			open:    (*loading).openCSV, files: both},
		{what: "a folder of IDX files", holds: isIDXFolder, open: (*loading).openIDXFolder},
		{what: "a folder of CIFAR-10 files", holds: holds(cifarNames()[0]), open: (*loading).openCIFARFolder,
			files: func(dir string, _ Options) []string { return found(dir, append(cifarNames(), cifarMeta)) }},
		{what: "a folder of sounds", holds: holdsSounds, options: []string{"TestFraction", "Seed", "Sounds"},
			open: (*loading).openSounds},
		{what: "a folder of recordings", holds: isRecordingFolder,
			options: append([]string{"Target", "Targets"}, rows[:len(rows)-2]...), open: (*loading).openRecordings},
		{what: "a folder of pictures with masks", holds: holdsMasks,
			options: []string{"Test", "TestFraction", "Seed", "Size", "Masks"}, open: (*loading).openMasks},
		{what: "a folder of pictures", holds: func(string) bool { return true },
			options: []string{"Test", "TestFraction", "Seed", "Size"}, open: (*loading).openPictures},
	}
}

// is reports whether the reader is for a path.
func (r reader) is(path string, folder bool) bool {
	if r.forms == nil {
		return folder && r.holds(path)
	}
	return !folder && slices.Contains(r.forms, form(path))
}

// String returns text such as "a CSV file (.csv, .tsv)".
func (r reader) String() string {
	if r.forms == nil {
		return r.what
	}
	return fmt.Sprintf("%s (%s)", r.what, strings.Join(r.forms, ", "))
}

// form is the extension of a file without .gz, in lower case.
func form(path string) string {
	return strings.ToLower(filepath.Ext(strings.TrimSuffix(path, ".gz")))
}

// holds recognises a folder by a file, plain or zipped.
func holds(name string) func(dir string) bool {
	return func(dir string) bool {
		_, ok := findFile(dir, name)
		return ok
	}
}

func (l *loading) openPath(path string, opts Options) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		var names []string
		for _, i := range Names() {
			names = append(names, i.Name)
		}
		return nil, fmt.Errorf("datasets: %q is neither a data set (%s) nor a file or folder: %w",
			path, strings.Join(names, ", "), err)
	}
	var wanted []string
	for _, r := range readers() {
		if !r.is(path, info.IsDir()) {
			wanted = append(wanted, r.String())
			continue
		}
		if err := opts.allow(r.what, r.options); err != nil && l.like == nil {
			return nil, err
		}
		s, err := r.open(l, path, opts)
		if err != nil {
			return nil, err
		}
		s.Account.Kind = r.what
		if r.files != nil {
			s, err = l.from(s, err, r.files(path, opts)...)
		}
		if err != nil || r.forms != nil || s.Account.Passed != nil {
			return s, err
		}
		return s, s.countOthers(path)
	}
	return nil, fmt.Errorf("datasets: %s: want one of %s", path, strings.Join(wanted, ", "))
}

// named is a data set that is known by name.
type named struct {
	Info
	what     string // for messages
	division string // how the splits came about
	open     func(ctx context.Context, opts Options) (*Set, error)
}

// collection is the table of those, the default one first.
func collection() []named {
	all := []named{{
		Info: Info{
			Name:    "digits",
			Summary: "1,797 handwritten digits of 8×8 pixels, built in; 10 classes.",
			Licence: "CC BY 4.0",
		},
		what: "the built-in digits", division: "every fifth of each class for testing",
		open: func(context.Context, Options) (*Set, error) { return openDigits() },
	}}
	for _, p := range publications() {
		all = append(all, named{p.Info, "a published data set", "as published", p.open})
	}
	return all
}
