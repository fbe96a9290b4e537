package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// pack puts the files into a folder in an archive: a .zip or a .tar.gz.
func pack(folder string, zipped bool, files []file, modified time.Time) (file, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	write, extension := writeTar, ".tar.gz"
	if zipped {
		write, extension = writeZip, ".zip"
	}
	var b bytes.Buffer
	if err := write(&b, folder, files, modified); err != nil {
		return file{}, fmt.Errorf("archive: %w", err)
	}
	return file{name: folder + extension, data: b.Bytes()}, nil
}

// mode is the permissions of a file.
func (f file) mode() fs.FileMode {
	if f.program {
		return 0o755
	}
	return 0o644
}

func writeTar(b *bytes.Buffer, folder string, files []file, modified time.Time) error {
	z, err := gzip.NewWriterLevel(b, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for _, f := range files {
		h := &tar.Header{
			Name: folder + "/" + f.name, Size: int64(len(f.data)), Mode: int64(f.mode()),
			ModTime: modified, Format: tar.FormatUSTAR,
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return z.Close()
}

func writeZip(b *bytes.Buffer, folder string, files []file, modified time.Time) error {
	z := zip.NewWriter(b)
	for _, f := range files {
		h := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: modified}
		h.SetMode(f.mode())
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}
