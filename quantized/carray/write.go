package carray

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/internal/atomicfile"
	"petrify/quantized"
)

// mark is in the first comment of every file.
const mark = "a quantized neural network, written by petrify."

// File is a file's name and contents.
type File struct {
	Name string
	Data []byte
}

// Write writes NAME.h, NAME.c and NAME_test.c to a folder, creating it if
// necessary. Each file appears whole or not at all. It replaces older files of
// petrify; any other file is an error.
func Write(dir string, m *quantized.Model, o Options) error {
	files, err := Encode(m, o)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := replaceable(filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("carray: %w", err)
	}
	for _, f := range slices.Backward(files) { // the header last: where it is, the others are
		if err := atomicfile.WriteFile(filepath.Join(dir, f.Name), f.Data); err != nil {
			return fmt.Errorf("carray: %w", err)
		}
	}
	return nil
}

// replaceable returns an error if a file is there that petrify did not write.
func replaceable(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("carray: %w", err)
	case !marked(text):
		return fmt.Errorf("carray: %s is not of petrify: it is left as it is: choose another name or folder", path)
	}
	return nil
}

// marked reports whether petrify wrote a file.
func marked(text []byte) bool { return bytes.Contains(text[:min(len(text), 300)], []byte(mark)) }

// Encode returns the files: the header, the source and the test. The same model
// and options give the same bytes.
func Encode(m *quantized.Model, o Options) ([]File, error) {
	_, files, err := encode(m, o)
	return files, err
}

func encode(m *quantized.Model, o Options) (*file, []File, error) {
	if err := o.validate(); err != nil {
		return nil, nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, nil, fmt.Errorf("carray: %w", err)
	}
	if _, err := m.Accumulators(); err != nil {
		return nil, nil, err
	}
	if o.Name == "" {
		o.Name = Identifier(m.Name)
	}
	f, err := newFile(m, o)
	if err != nil {
		return nil, nil, err
	}
	source, err := f.source()
	if err != nil {
		return nil, nil, err
	}
	test, err := f.test()
	if err != nil {
		return nil, nil, err
	}
	return f, []File{{o.Name + ".h", []byte(f.header())}, {o.Name + ".c", []byte(source)},
		{o.Name + "_test.c", []byte(test)}}, nil
}

// Footprint is how many bytes an export takes on a microcontroller besides code: constants
// in flash, and RAM for activations, on the core that takes most ([Costs] tell that of each).
func Footprint(m *quantized.Model, o Options) (flash, ram int, err error) {
	f, _, err := encode(m, o)
	if err != nil {
		return 0, 0, err
	}
	return f.flash().total(), f.fourArena, nil
}

// PackingFields is how many bytes of flash an export without packed weights would take more
// if one layer's were packed: fields that tell the bits of each.
func PackingFields(m *quantized.Model, o Options) (int, error) {
	f, _, err := encode(m, o)
	if err != nil || f.packed || o.Unpacked {
		return 0, err
	}
	return f.sums * packingWords * 4, nil
}

func newFile(m *quantized.Model, o Options) (*file, error) {
	l, err := lower(m, o)
	if err != nil {
		return nil, err
	}
	f := &file{lowering: l, name: o.Name, macro: strings.ToUpper(o.Name), in: l.values[m.Input.Name],
		out: l.values[m.Output]}
	if f.facts, err = facts(m, o); err != nil {
		return nil, err
	}
	identity := f.facts[quantized.TensorsKey] + f.facts[quantized.ManifestKey] + f.facts[quantized.ExportKey]
	f.export = fmt.Sprintf("%x", sha256.Sum256([]byte(identity)))[:8]
	for key, value := range o.Facts {
		if _, own := f.facts[key]; own {
			return nil, fmt.Errorf("carray: fact %q: petrify writes that itself: choose another key", key)
		}
		f.facts[key] = value
	}
	return f, nil
}

// planes is how a header's facts say that the input has channels first.
const planes = "channels first"

// unpacked is how they say that packed weights take a byte each.
const unpacked = "a byte each"

// facts returns which model this is and how it was written.
func facts(m *quantized.Model, o Options) (map[string]string, error) {
	all, err := m.Facts()
	if err != nil {
		return nil, err
	}
	options := map[string]string{"name": o.Name, "requantization": o.Requantization.String()}
	if o.Planes {
		options["input"] = planes
	}
	if o.Unpacked {
		options["weights"] = unpacked
	}
	export, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("carray: %w", err)
	}
	all[quantized.ExportKey], all["version"] = string(export), m.Origin.Version
	return all, nil
}

// quoted is text as a JSON string.
func quoted(text string) string {
	quoted, _ := json.Marshal(text) // a string always has a form in JSON
	return string(quoted)
}

// fact is text as a JSON string that is safe within a C comment.
func fact(text string) string { return strings.ReplaceAll(quoted(text), "*", `\u002a`) }
