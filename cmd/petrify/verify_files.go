package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/onnx"
)

// modelOf finds the model that a path on the command line names. That of an
// exported file lies beside it, under its name or as a folder's model.
func modelOf(path string) (model, exported string) {
	ext := filepath.Ext(filepath.Clean(path))
	if ext != filepath.Ext(onnxFormat().file) && ext != filepath.Ext(coremlFormat().file) {
		return path, ""
	}
	path = filepath.Clean(path)
	beside := path[:len(path)-len(ext)] + filepath.Ext(quantized.ManifestFile)
	if _, err := os.Stat(beside); err == nil && filepath.Base(beside) != quantized.ManifestFile {
		return beside, path
	}
	return filepath.Dir(path), path
}

// exportedFiles are the folder's exported files by their usual names, and one
// that the command line names.
func (s *subject) exportedFiles() []string {
	var all []string
	for _, f := range formats() {
		path := filepath.Join(s.folder, f.file)
		if _, err := os.Stat(path); err == nil && path != s.named {
			all = append(all, path)
		}
	}
	if s.named != "" {
		all = append(all, s.named)
	}
	return all
}

// checkFiles makes every exported file again from the model, and says whether
// it names the proof. A file that is not the model's is an error.
func (s *subject) checkFiles(w io.Writer, p *quantized.Proof) error {
	var faults []error
	for _, path := range s.exportedFiles() {
		facts, other, err := s.checkFile(path)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
			continue
		}
		says := "and names this proof"
		switch own, digest := p.Facts(), facts[quantized.ProofDigestKey]; {
		case digest == "":
			says = "but names no proof: export it again to name this one"
		case digest != p.Digest():
			says = fmt.Sprintf("but names another proof, %s; this one is %s: export it again to name this one", digest, p.Digest())
		case facts[quantized.ProofKey] != own[quantized.ProofKey]:
			faults = append(faults, fmt.Errorf("%s: says of the proof %q, the proof says %q", path, facts[quantized.ProofKey], own[quantized.ProofKey]))
			continue
		}
		if other && s.ortrun != "" {
			says += "; it is another export, " + facts["export"] + ", and the default one was compared"
		}
		if _, err := fmt.Fprintf(w, "%s is of this model, %s.\n", path, says); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// checkFile reads what a file says of itself, if it is what the model gives.
// An ONNX file with other options than the default is another export.
func (s *subject) checkFile(path string) (facts map[string]string, other bool, err error) {
	if filepath.Ext(path) == filepath.Ext(coremlFormat().file) {
		if err := coreml.Verify(path, s.file); err != nil {
			return nil, false, err
		}
		facts, err = coreml.Facts(path)
		return facts, false, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false, err
	}
	if err := onnx.Verify(data, s.file); err != nil {
		return nil, false, err
	}
	if facts, err = onnx.Metadata(data); err != nil {
		return nil, false, err
	}
	usual, err := onnx.Metadata(s.onnx)
	return facts, !bytes.Equal(data, s.onnx) && facts["export"] != usual["export"], err
}
