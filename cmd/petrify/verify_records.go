package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"petrify/internal/sums"
	"petrify/quantized"
)

// checkSums compares a folder with its SHA256SUMS. It returns what there is to
// say, and the faults.
func checkSums(folder string) (said string, faults error) {
	list, err := sums.Read(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist) && savedConfig(folder) == "":
		return "", nil // a model without a run
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s is missing: --write makes it", filepath.Join(folder, sums.File))
	case err != nil:
		return "", err
	}
	wrong, strange, err := list.Check(folder, holdsModel)
	if err != nil {
		return "", err
	}
	if wrong == nil {
		said = fmt.Sprintf("%d files are as %s lists them.\n", len(list), sums.File)
	}
	for _, path := range strange {
		said += path + " is not listed there.\n"
	}
	return said, errors.Join(wrong...)
}

// holdsModel reports whether a folder holds a model: then its files are not
// another folder's.
func holdsModel(folder string) bool { return exists(filepath.Join(folder, quantized.ManifestFile)) }

// checkProof compares the folder's proof with p, and says how it went.
func checkProof(folder string, p *quantized.Proof) (said string, err error) {
	path := filepath.Join(folder, quantized.ProofFile)
	saved, err := quantized.LoadProof(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path + " is not there: --write makes it.\n", nil
	case err != nil:
		return "", err
	}
	if err := p.CheckSaved(saved); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return path + " says the same.\n", nil
}

// writeRecords writes the proof and, of a run, the list of its files.
func (s *subject) writeRecords(p *quantized.Proof) error {
	if err := p.Save(s.folder); err != nil || s.graph == nil {
		return err
	}
	return s.writeSums()
}

// writeSums lists the files of the run, and the exports that are of its model.
func (s *subject) writeSums() error {
	list := sums.List{}
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !isRunFile(e.Name()) {
			continue
		}
		if err := list.Put(s.folder, filepath.Join(s.folder, e.Name())); err != nil {
			return err
		}
	}
	exports, err := exportsIn(s.folder)
	if err != nil {
		return err
	}
	for _, e := range exports {
		if _, err := e.verify(e.path, s.file); err != nil {
			continue // verify names it
		}
		files, err := e.files(e.path)
		if err != nil {
			return err
		}
		if err := list.Put(s.folder, files...); err != nil {
			return err
		}
	}
	return list.Write(s.folder)
}

// listOf is the list of a folder if it has one and a path lies in it, else nil.
func listOf(folder, path string) (sums.List, error) {
	if !within(folder, path) {
		return nil, nil
	}
	list, err := sums.Read(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return list, err
}

// addToSums lists an export in the SHA256SUMS of the folder that it lies in, if
// there is one.
func addToSums(folder, path string, f format) error {
	list, err := listOf(folder, path)
	if err != nil || list == nil {
		return err
	}
	files, err := f.files(path)
	if err != nil {
		return err
	}
	list.Drop(folder, path)
	if err := list.Put(folder, files...); err != nil {
		return err
	}
	return list.Write(folder)
}

// within reports whether a path lies in a folder.
func within(folder, path string) bool {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return false
	}
	name, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(name)
}
