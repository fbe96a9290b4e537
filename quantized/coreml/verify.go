package coreml

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// Facts reads what petrify wrote about the package dir: the metadata under its
// prefix, without the prefix.
func Facts(dir string) (map[string]string, error) {
	p, err := mil.ReadPackage(dir)
	if err != nil {
		return nil, fmt.Errorf("coreml: %w", err)
	}
	return factsOf(p), nil
}

func factsOf(p *mil.Package) map[string]string {
	all := map[string]string{}
	for key, value := range p.Model.Metadata.Custom {
		if name, own := strings.CutPrefix(key, prefix); own {
			all[name] = value
		}
	}
	return all
}

// Verify returns an error unless the package dir is, to the last byte, what
// [Write] makes of m with the options and the additional facts in its metadata.
// The error names what differs: the model, the fact or the file.
func Verify(dir string, m *quantized.Model) error {
	p, err := mil.ReadPackage(dir)
	if err != nil {
		return fmt.Errorf("coreml: %w", err)
	}
	if err := m.CheckFacts(factsOf(p)); err != nil {
		return fmt.Errorf("coreml: the package %w", err)
	}
	o, err := writtenWith(p, m)
	if err != nil {
		return err
	}
	want, err := Translate(m, o)
	if err != nil {
		return fmt.Errorf("coreml: the package's options: %w", err)
	}
	const fault = "coreml: the package's %s is not what the model gives: it was changed, or written by another version"
	for _, key := range slices.Sorted(maps.Keys(p.Model.Metadata.Custom)) {
		if p.Model.Metadata.Custom[key] != want.Model.Metadata.Custom[key] {
			return fmt.Errorf(fault, fmt.Sprintf("metadata %q", key))
		}
	}
	files, err := want.Files()
	if err != nil {
		return fmt.Errorf("coreml: %w", err)
	}
	if name, err := differing(dir, files); err != nil || name != "" {
		if err != nil {
			return fmt.Errorf("coreml: %w", err)
		}
		return fmt.Errorf(fault, name)
	}
	return nil
}

// differing is the first file of a folder that is not as wanted, "" if all are.
func differing(dir string, want map[string][]byte) (name string, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(at)))
		if err != nil {
			return err
		}
		if expected, ok := want[at]; !ok || !bytes.Equal(content, expected) {
			name = at
			return fs.SkipAll
		}
		delete(want, at)
		return nil
	})
	if name == "" && err == nil && len(want) > 0 {
		name = path.Clean(slices.Sorted(maps.Keys(want))[0])
	}
	return name, err
}

// The words of the fact "export": options without a fact of their own.
const (
	wordClassifier = "classifier"
	wordImage      = "image"
	wordNormalize  = "normalize"
	wordUnsigned   = "uint8-weights"
	wordPalette    = "palette"
)

// words lists the options that have no fact of their own.
func (o Options) words() string {
	var words []string
	for _, w := range []struct {
		set  bool
		word string
	}{
		{o.Classifier, wordClassifier}, {o.Image, wordImage}, {o.Normalize, wordNormalize},
		{o.WeightsEncoding == Unsigned, wordUnsigned},
		{o.WeightsEncoding == Palette, wordPalette},
	} {
		if w.set {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " ")
}

// WrittenWith returns the options that the package dir of the model names.
func WrittenWith(dir string, m *quantized.Model) (Options, error) {
	p, err := mil.ReadPackage(dir)
	if err != nil {
		return Options{}, fmt.Errorf("coreml: %w", err)
	}
	return writtenWith(p, m)
}

// writtenWith returns a package's options.
func writtenWith(p *mil.Package, m *quantized.Model) (o Options, err error) {
	all := factsOf(p)
	if o.Target, err = ParseTarget(all["target"]); err != nil {
		return o, err
	}
	if o.Precision, err = ParsePrecision(all["precision"]); err != nil {
		return o, err
	}
	words := strings.Fields(all["export"])
	o.Classifier = slices.Contains(words, wordClassifier)
	o.Image = slices.Contains(words, wordImage)
	o.Normalize = slices.Contains(words, wordNormalize)
	switch {
	case slices.Contains(words, wordUnsigned):
		o.WeightsEncoding = Unsigned
	case slices.Contains(words, wordPalette):
		o.WeightsEncoding = Palette
	}
	data := p.Model.Metadata
	o.Metadata = Metadata{Author: data.Author, License: data.License, Version: data.Version,
		Description: data.Description}
	own, err := facts(m, o)
	if err != nil {
		return o, fmt.Errorf("coreml: %w", err)
	}
	o.Metadata.Facts = map[string]string{}
	for key, value := range all {
		if _, ok := own[key]; !ok {
			o.Metadata.Facts[key] = value
		}
	}
	return o, nil
}
