package datasets

import (
	"archive/zip"
	"context"
	"fmt"
	"strings"
)

// An Array is an array of an .npz file, in row-major order.
type Array struct {
	Name  string // without .npy
	Type  string // NumPy's, such as <f4
	Shape []int
	F32   []float32 // the elements, whatever their type
}

// ReadArrays reads the arrays of an .npz file whose names keep accepts.
func ReadArrays(path string, keep func(name string) bool) ([]Array, error) {
	archive, err := newLoading(context.Background(), Options{}).archive(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	var all []Array
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if !keep(name) {
			continue
		}
		a, err := archive.array(f)
		if err != nil {
			return nil, err
		}
		if err := a.read(); err != nil {
			return nil, err
		}
		for _, b := range a.bytes {
			a.floats = append(a.floats, float32(b))
		}
		all = append(all, Array{Name: name, Type: a.descr, Shape: a.shape, F32: a.floats})
	}
	return all, nil
}

// archive is an open .npz file.
type archive struct {
	*zip.Reader
	*meter
}

func (l *loading) archive(path string) (*archive, error) {
	m, err := l.open(path)
	if err != nil {
		return nil, err
	}
	r, err := zip.NewReader(m, max(m.total, 0))
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return &archive{r, m}, nil
}

// array opens an array of the archive.
func (a *archive) array(f *zip.File) (*array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %s: %w", a.file.Name(), f.Name, err)
	}
	// The sizes in the directory are mere claims; the file's size is a fact.
	left := int64(min(f.CompressedSize64, uint64(a.total)))
	if f.Method != zip.Store {
		left *= inflation
	}
	return openNPY(&input{loading: a.loading, name: a.file.Name() + ": " + f.Name, r: r, left: left, zipped: true})
}
