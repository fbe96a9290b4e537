// Package sums keeps SHA256SUMS, the list of a folder's files with the SHA-256
// of each, in the form that sha256sum writes and checks:
//
//	sha256sum -c SHA256SUMS
//
// Its last line is a comment with the SHA-256 of the lines above, so that a
// damaged list can be told from damaged files. Anyone who can write to the
// folder can also write the list: it reveals damage and mistakes, but is not a
// signature.
package sums

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/internal/atomicfile"
)

// File is the name of the list.
const File = "SHA256SUMS"

// List is the SHA-256 of files, in hexadecimal, by their names in the folder,
// with slashes.
type List map[string]string

// seal begins the last line.
const seal = "# SHA-256 of the lines above: "

// Names that would break a line are escaped, and the line begins with a
// backslash, as sha256sum writes it.
var (
	escape   = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r")
	unescape = strings.NewReplacer("\\\\", "\\", "\\n", "\n", "\\r", "\r")
)

// encode is the list as text, sorted by name.
func (l List) encode() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(l)) {
		safe := escape.Replace(name)
		if safe != name {
			b.WriteByte('\\')
		}
		fmt.Fprintf(&b, "%s  %s\n", l[name], safe)
	}
	return fmt.Appendf(b.Bytes(), "%s%x\n", seal, sha256.Sum256(b.Bytes()))
}

// decode is the inverse of encode; any other text is an error.
func decode(text []byte) (List, error) {
	l := List{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, seal) {
			break
		}
		line, escaped := strings.CutPrefix(line, "\\")
		sum, name, _ := strings.Cut(line, "  ")
		if escaped {
			name = unescape.Replace(name)
		}
		l[name] = sum
	}
	if !bytes.Equal(l.encode(), text) {
		return nil, errors.New("was changed: its lines are not those of its last line's SHA-256")
	}
	return l, nil
}

// Read reads a folder's list. If there is none, the error wraps fs.ErrNotExist.
func Read(folder string) (List, error) {
	path := filepath.Join(folder, File)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("sums: %w", err)
	}
	l, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("sums: %s %w", path, err)
	}
	return l, nil
}

// Write writes the list into its folder.
func (l List) Write(folder string) error {
	return atomicfile.WriteFile(filepath.Join(folder, File), l.encode())
}

// Put adds files of the folder, by path, with their present checksums.
func (l List) Put(folder string, paths ...string) error {
	for _, path := range paths {
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return fmt.Errorf("sums: %w", err)
		}
		if l[filepath.ToSlash(name)], err = sumOf(path); err != nil {
			return fmt.Errorf("sums: %w", err)
		}
	}
	return nil
}

// Drop removes a file, or everything in a folder, from the list.
func (l List) Drop(folder, path string) {
	name, err := filepath.Rel(folder, path)
	if err != nil {
		return
	}
	name = filepath.ToSlash(name)
	maps.DeleteFunc(l, func(listed, _ string) bool { return listed == name || strings.HasPrefix(listed, name+"/") })
}

// Check compares the folder with the list. Faults name each listed file that is
// changed or missing; strange are the files that are not listed, except those
// of folders for which skip reports true.
func (l List) Check(folder string, skip func(path string) bool) (faults []error, strange []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(l)) {
		path := filepath.Join(folder, filepath.FromSlash(name))
		switch sum, err := sumOf(path); {
		case errors.Is(err, fs.ErrNotExist):
			faults = append(faults, fmt.Errorf("%s is missing: %s lists it", path, File))
		case err != nil:
			faults = append(faults, err)
		case sum != l[name]:
			faults = append(faults, fmt.Errorf("%s was changed: its SHA-256 is not the one in %s", path, File))
		}
	}
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if path != folder && skip(path) {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if _, listed := l[filepath.ToSlash(name)]; !listed && name != File {
			strange = append(strange, path)
		}
		return err
	})
	return faults, strange, err
}

// sumOf is the SHA-256 of a file.
func sumOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
