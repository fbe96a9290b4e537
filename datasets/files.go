package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"
)

// File is a file that a set was read from. It is recorded so that it can be
// named if it changes.
type File struct {
	Path   string // as it was opened; of a folder with a slash at its end
	Bytes  int64
	SHA256 string // in hexadecimal
}

// String is "4112 bytes, SHA-256 5f70bf18…", without the path.
func (f File) String() string { return fmt.Sprintf("%d bytes, SHA-256 %.12s…", f.Bytes, f.SHA256) }

// mostFiles is how many files of a set are listed one by one. If there are
// more, each folder is one entry, because the list is part of every checkpoint.
const mostFiles = 1000

// from sets s.Files to the files that s was read from, unless reading failed.
// It skips empty paths.
func (l *loading) from(s *Set, err error, paths ...string) (*Set, error) {
	if err != nil {
		return nil, err
	}
	s.Files, err = l.inspect(paths)
	return s, err
}

// countOthers counts what else there is in the folder of s.Files.
func (s *Set) countOthers(dir string) error {
	folders, files, err := contents(dir)
	s.Account.Passed = map[string]int{}
	if folders != nil {
		s.Account.Passed["folders"] = len(folders)
	}
	for _, name := range files {
		read := func(f File) bool { return filepath.Base(f.Path) == name }
		if !slices.ContainsFunc(s.Files, read) {
			s.Account.Passed[extension(name)]++
		}
	}
	return err
}

// inspect returns the files' sizes and checksums, or their folders', in the
// order of the paths.
func (l *loading) inspect(paths []string) (files []File, err error) {
	var sum hash.Hash // of the last file or folder
	for _, path := range paths {
		if path == "" {
			continue
		}
		name := path
		if len(paths) > mostFiles {
			name = filepath.Dir(path) + string(filepath.Separator)
		}
		if n := len(files); n == 0 || files[n-1].Path != name {
			files, sum = append(files, File{Path: name}), sha256.New()
		}
		last := &files[len(files)-1]
		if i := slices.IndexFunc(l.inspected, func(f File) bool { return f.Path == name }); i >= 0 {
			*last = l.inspected[i]
			continue
		}
		n, err := l.pour(sum, path)
		if err != nil {
			return nil, err
		}
		last.Bytes += n
		last.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return files, nil
}

// pour writes the content of a file to w.
func (l *loading) pour(w io.Writer, path string) (int64, error) {
	m, err := l.open(path)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	if l.block == nil {
		l.block = make([]byte, 1<<15)
	}
	n, err := io.CopyBuffer(w, m, l.block)
	if err != nil {
		return 0, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return n, nil
}
