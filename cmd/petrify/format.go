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
// and train know about formats only from these rows.
type format struct {
	name    string
	file    string   // the usual name of an export in the model's folder
	runs    string   // who runs it
	options []string // the flags that have an effect

	// place is the usual name where it depends on the model; nil: file.
	place func(m *quantized.Model, o exportOptions) string
	write func(path string, m *quantized.Model, o exportOptions) error

	// is recognises a file or folder by its first bytes, or by its name in case
	// the bytes are damaged.
	is func(path string, head []byte) bool

	// parts lists the files of an export; nil: it is a single file.
	parts func(path string) ([]string, error)

	// verify returns an export's metadata if it is, to the last byte, what the
	// model gives.
	verify  func(path string, m *quantized.Model) (map[string]string, error)
	inspect func(w io.Writer, path string) error

	// arithmetic returns that of runtimes which, on a file with these metadata,
	// do not compute as training does; nil: there are none.
	arithmetic func(facts map[string]string) (arithmetic, error)

	// footprint is what an export takes on a microcontroller; nil: nothing to say.
	footprint func(m *quantized.Model, o exportOptions) (footprint, error)

	// programs returns an export that computes in an arithmetic of its own, and
	// then the alternatives to it; nil: exports do not.
	programs func(path string, m *quantized.Model) ([]program, error)

	runner *runner // that runs exports on this machine, if it is installed; nil: none can
}

// arithmetic is that of a runtime, or of some of its kernels, in which the
// integer engine can compute.
type arithmetic struct {
	whose string // such as "XNNPACK's"; "": training's
	integer.Options
	sums string // how real numbers are added; "": in an order of the runtime's
}

// formats lists what `export` writes; a run itself writes the first.
func formats() []format { return []format{onnxFormat(), coremlFormat(), tfliteFormat(), cFormat()} }

func defaultFormat() format { return formats()[0] }

// usualPlace is the default path of an export in the model's folder.
func (f format) usualPlace(m *quantized.Model, o exportOptions) string {
	if f.place == nil {
		return f.file
	}
	return f.place(m, o)
}

// files lists the files of an export.
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

// beginning returns the first bytes of a file; none for a folder, or if it
// cannot be read.
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

// exportsIn lists the exports in a folder and in those folders below it that
// hold no model of their own.
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

// exists reports whether there is a file or folder of the name.
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
