package datasets

import (
	"archive/zip"
	"fmt"
	"strings"
)

// An Array is an array of an .npz file, in row-major order.
type Array struct {
	Name  string // without .npy
	Type  string // NumPy's, such as <f4
	Shape []int
	F32   []float32 // the elements, if they are floating-point numbers
}

// ReadArrays reads the arrays of an .npz file whose names keep accepts.
func ReadArrays(path string, keep func(name string) bool) ([]Array, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	defer archive.Close()
	var all []Array
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if !keep(name) {
			continue
		}
		a, err := readMember(path, f)
		if err != nil {
			return nil, err
		}
		all = append(all, Array{Name: name, Type: a.descr, Shape: a.shape, F32: a.floats})
	}
	return all, nil
}
