package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/quantized"
)

// modelOf finds the model that a path on the command line names. An export's
// model is next to it under the same name, or is the model of its folder or of
// the folder above.
func modelOf(path string) (model, named string) {
	path = filepath.Clean(path)
	if _, ok := formatOf(path); !ok {
		return path, ""
	}
	beside := strings.TrimSuffix(path, filepath.Ext(path)) + filepath.Ext(quantized.ManifestFile)
	folder := filepath.Dir(path)
	switch {
	case exists(beside) && filepath.Base(beside) != quantized.ManifestFile:
		return beside, path
	case !holdsModel(folder) && holdsModel(filepath.Dir(folder)):
		return filepath.Dir(folder), path
	}
	return folder, path
}

// exports returns those in the folder, if it is the model's, and the one that
// the command line names.
func (s *subject) exports() ([]export, error) {
	var all []export
	if holdsModel(s.folder) {
		var err error
		if all, err = exportsIn(s.folder); err != nil {
			return nil, err
		}
	}
	if s.named != "" && !slices.ContainsFunc(all, func(e export) bool { return e.path == s.named }) {
		f, _ := formatOf(s.named)
		all = append(all, export{s.named, f})
	}
	return all, nil
}

// checkExports recreates every export from the model, and says whether it names
// the proof. An export that is not the model's is an error.
func (s *subject) checkExports(ctx context.Context, w io.Writer, p *quantized.Proof) error {
	exports, err := s.exports()
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range exports {
		said, err := s.checkExport(ctx, e, p)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", e.path, err))
			continue
		}
		if _, err := fmt.Fprintf(w, "%s is what the model gives%s.\n", e.path, said); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// checkExport returns what to report about an export of the model.
func (s *subject) checkExport(ctx context.Context, e export, p *quantized.Proof) (string, error) {
	facts, err := e.verify(e.path, s.file)
	if err != nil {
		return "", err
	}
	said, err := names(facts, p)
	if err != nil {
		return "", err
	}
	ran, err := s.run(ctx, e)
	if err != nil {
		return "", err
	}
	computed, err := s.inProgram(ctx, e)
	if err != nil {
		return "", err
	}
	if e.arithmetic == nil {
		return said + ran + computed, nil
	}
	a, err := e.arithmetic(facts)
	if err != nil {
		return "", err
	}
	rounded, err := s.inArithmetic(ctx, a)
	return said + ran + rounded, err
}

// run compares an export's outputs in its runtime with the engine's, unless it
// is the default export, which the proof covers.
func (s *subject) run(ctx context.Context, e export) (string, error) {
	if e.runner.program() == "" {
		return "", nil
	}
	file, err := os.ReadFile(e.path)
	if err != nil || bytes.Equal(file, s.export) {
		return "", err
	}
	x, refused := e.runner.on(file, s.file)
	if refused != nil {
		return fmt.Sprintf("; %s was not compared: %v", e.runner.name, refused), nil
	}
	c, err := s.inRuntime(ctx, x)
	if err == nil {
		err = c.Err()
	}
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("; in %s %s of %s outputs differ",
		c.B, thousands(int64(c.Differing)), thousands(int64(c.Elements)))
	if c.Differing > 0 {
		said += ", within rounding of float sums"
	}
	return said, nil
}

// names says which proof a file's metadata name. It is an error if they name p
// but quote it wrongly.
func names(facts map[string]string, p *quantized.Proof) (string, error) {
	says, want := facts[quantized.ProofKey], p.Facts()[quantized.ProofKey]
	switch digest := facts[quantized.ProofDigestKey]; {
	case digest == "":
		return ", but names no proof: export it again to name this one", nil
	case digest != p.Digest():
		return fmt.Sprintf(", but names another proof, %s; this one is %s: export it again to name this one",
			digest, p.Digest()), nil
	case says != want:
		return "", fmt.Errorf("quotes the proof as %q, but the proof says %q", says, want)
	}
	return ", and names this proof", nil
}
