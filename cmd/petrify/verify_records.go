package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"petrify/internal/atomicfile"
	"petrify/internal/sums"
	"petrify/quantized"
)

// checkSums compares a folder with its SHA256SUMS. It returns a report and the
// faults.
func checkSums(folder string) (said string, faults error) {
	list, err := sums.Read(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist) && savedConfig(folder) == "":
		return "", nil // a model without a run
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s is missing: --write creates it", filepath.Join(folder, sums.File))
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
		said += fmt.Sprintf("%s is not listed in %s.\n", path, sums.File)
	}
	return said, errors.Join(wrong...)
}

// holdsModel reports whether a folder holds a model; if so, its files do not
// belong to the folder above.
func holdsModel(folder string) bool { return exists(filepath.Join(folder, quantized.ManifestFile)) }

// checkProof compares the folder's proof with p and returns a report.
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

// writeRecords writes the proof and, for a run, the list of its files.
func (s *subject) writeRecords(p *quantized.Proof) error {
	if err := p.Save(s.folder); err != nil || s.graph == nil {
		return err
	}
	return s.writeSums()
}

// writeSums lists the files of the run and the exports of its model.
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

// writeListed writes an export and, if it is in the folder, lists it in the
// folder's SHA256SUMS, if there is one. Meanwhile it owns the folder: if two
// processes changed the list at once, one of the additions would be lost.
func writeListed(ctx context.Context, folder string, e export, write func() error) (err error) {
	if !within(folder, e.path) || !exists(filepath.Join(folder, sums.File)) {
		return write()
	}
	owner, err := ownSoon(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, owner.Release()) }()
	list, err := sums.Read(folder)
	if err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	files, err := e.files(e.path)
	if err != nil {
		return err
	}
	list.Drop(folder, e.path)
	if err := list.Put(folder, files...); err != nil {
		return err
	}
	return list.Write(folder)
}

// ownSoon takes ownership of a folder. If another process owns it, it waits a
// few seconds, since an export takes no longer.
func ownSoon(ctx context.Context, folder string) (*atomicfile.Owner, error) {
	for end := time.Now().Add(10 * time.Second); ; {
		owner, err := atomicfile.Own(folder)
		if !errors.Is(err, atomicfile.ErrOwned) || time.Now().After(end) {
			return owner, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
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
