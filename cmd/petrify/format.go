package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// format is a file format of other people's runtimes. export, inspect, verify
// and train know formats by these rows alone.
type format struct {
	name    string
	file    string   // the usual name of an export in the model's folder
	runs    string   // who runs it
	options []string // the flags that have an effect

	// place is the usual name where it depends on the model; nil: file.
	place func(m *quantized.Model, o exportOptions) string
	write func(path string, m *quantized.Model, o exportOptions) error

	// is recognises a file, or a folder, by its first bytes whatever its name, or
	// by its name should the bytes be damaged.
	is func(path string, head []byte) bool

	// parts lists the files that an export consists of; nil: the one.
	parts func(path string) ([]string, error)

	// verify returns what an export says of itself if it is, to the last byte,
	// what the model gives.
	verify  func(path string, m *quantized.Model) (map[string]string, error)
	inspect func(w io.Writer, path string) error

	// arithmetic is that of runtimes that compute otherwise than training with a file
	// that says so of itself; nil: there are none.
	arithmetic func(facts map[string]string) (arithmetic, error)

	runner *runner // that runs exports on this machine, if it is installed; nil: none can
}

// arithmetic is that of a runtime, or of some of its kernels, which the integer
// engine computes as well.
type arithmetic struct {
	whose string // such as "XNNPACK's"; "": training's
	integer.Options
}

// formats lists what `export` writes; the first is what a run writes by itself.
func formats() []format { return []format{onnxFormat(), coremlFormat(), tfliteFormat(), cFormat()} }

func defaultFormat() format { return formats()[0] }

// usualPlace is where an export lies in the model's folder.
func (f format) usualPlace(m *quantized.Model, o exportOptions) string {
	if f.place == nil {
		return f.file
	}
	return f.place(m, o)
}

// files are those that an export consists of.
func (f format) files(path string) ([]string, error) {
	if f.parts == nil {
		return []string{path}, nil
	}
	return f.parts(path)
}

// formatOf is the format of an exported file or folder.
func formatOf(path string) (format, bool) {
	head := beginning(path)
	for _, f := range formats() {
		if f.is(path, head) {
			return f, true
		}
	}
	return format{}, false
}

// beginning is the first bytes of a file; none of a folder, or of what cannot
// be read.
func beginning(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	return head[:n]
}

// export is an exported file or folder.
type export struct {
	path string
	format
}

// exportsIn are the exports in a folder and in the folders below it that hold no
// model of their own.
func exportsIn(folder string) (all []export, err error) {
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != folder && e.IsDir() && holdsModel(path):
			return fs.SkipDir
		}
		f, ok := formatOf(path)
		if !ok || path == folder {
			return nil
		}
		all = append(all, export{path, f})
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return all, err
}

// exists reports whether there is something under the name.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// filesBelow lists the files in a folder and in those below it.
func filesBelow(folder string) (all []string, err error) {
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all = append(all, path)
		}
		return err
	})
	return all, err
}
