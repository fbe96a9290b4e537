package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/quantized"
	"petrify/quantized/onnx"
)

// modelOf finds the model that a path on the command line names. That of an
// exported file lies beside it, under its name or as a folder's model.
func modelOf(path string) (model, exported string) {
	path = filepath.Clean(path)
	f, ok := checkedFormat(path)
	if !ok {
		return path, ""
	}
	beside := strings.TrimSuffix(path, filepath.Ext(f.file)) + filepath.Ext(quantized.ManifestFile)
	if _, err := os.Stat(beside); err == nil && filepath.Base(beside) != quantized.ManifestFile {
		return beside, path
	}
	folder := filepath.Dir(path)
	if _, err := os.Stat(filepath.Join(folder, quantized.ManifestFile)); err != nil && filepath.Dir(f.file) == filepath.Base(folder) {
		folder = filepath.Dir(folder) // the format's files lie in a folder of their own
	}
	return folder, path
}

// checkedFormat is the format of an exported file that can be checked, by its
// name's end.
func checkedFormat(path string) (format, bool) {
	for _, f := range formats() {
		if f.verify != nil && filepath.Ext(path) == filepath.Ext(f.file) {
			return f, true
		}
	}
	return format{}, false
}

// exportedFiles are the folder's exported files by their usual names, and one
// that the command line names.
func (s *subject) exportedFiles() ([]string, error) {
	var all []string
	for _, f := range formats() {
		if f.verify == nil {
			continue
		}
		paths, err := f.inFolder(s.folder)
		if err != nil {
			return nil, err
		}
		all = append(all, paths...)
	}
	if s.named != "" && !slices.Contains(all, s.named) {
		all = append(all, s.named)
	}
	return all, nil
}

// inFolder are the format's files in a folder.
func (f format) inFolder(folder string) ([]string, error) {
	if f.find != nil {
		return f.find(folder)
	}
	path := filepath.Join(folder, f.file)
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	return []string{path}, nil
}

// checkFiles makes every exported file again from the model, and says whether
// it names the proof. A file that is not the model's is an error.
func (s *subject) checkFiles(ctx context.Context, w io.Writer, p *quantized.Proof) error {
	var faults []error
	files, err := s.exportedFiles()
	if err != nil {
		return err
	}
	for _, path := range files {
		f, _ := checkedFormat(path)
		facts, err := f.verify(path, s.file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
			continue
		}
		named, err := names(facts, p)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
			continue
		}
		if f.name == onnxFormat().name && s.ortrun != "" && !s.compared(facts) {
			named += "; it is another export, " + facts["export"] + ", and the default one was compared"
		}
		if f.name == tfliteFormat().name {
			rounded, err := s.inXNNPACK(ctx)
			if err != nil {
				return err
			}
			named += rounded
		}
		if _, err := fmt.Fprintf(w, "%s is of this model, %s.\n", path, named); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// names says which proof a file names by its facts. One that names p and says
// something else of it is an error.
func names(facts map[string]string, p *quantized.Proof) (string, error) {
	says, want := facts[quantized.ProofKey], p.Facts()[quantized.ProofKey]
	switch digest := facts[quantized.ProofDigestKey]; {
	case digest == "":
		return "but names no proof: export it again to name this one", nil
	case digest != p.Digest():
		return fmt.Sprintf("but names another proof, %s; this one is %s: export it again to name this one", digest, p.Digest()), nil
	case says != want:
		return "", fmt.Errorf("says of the proof %q, the proof says %q", says, want)
	}
	return "and names this proof", nil
}

// compared reports whether ONNX Runtime ran a file of the same options.
func (s *subject) compared(facts map[string]string) bool {
	usual, err := onnx.Metadata(s.onnx)
	return err == nil && usual["export"] == facts["export"]
}
