package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

// cFormat is C source. Its files lie in a folder of their own, and are named
// after the network, as programs may hold several.
func cFormat() format {
	return format{
		name: "c", file: "c/model.h",
		options: []string{"name", "requantization"},
		write:   writeC,
		verify:  checkC,
		place:   headerOf,
		find:    func(folder string) ([]string, error) { return carray.Headers(filepath.Join(folder, "c")) },
	}
}

// headerOf is the header's usual place.
func headerOf(m *quantized.Model, o exportOptions) string {
	name := o.name
	if name == "" {
		name = carray.Identifier(m.Name)
	}
	return filepath.Join("c", name+".h")
}

// writeC writes the header of the given path, and source and test beside it.
func writeC(path string, m *quantized.Model, o exportOptions) error {
	name, ok := strings.CutSuffix(filepath.Base(path), ".h")
	switch {
	case !ok:
		return usage(fmt.Errorf("--out %s: want the header's path, which ends in .h", path))
	case o.name != "" && o.name != name:
		return usage(fmt.Errorf("--name %s and --out %s: want one name", o.name, path))
	}
	how, err := choice("requantization", o.requantization, "float32", "gemmlowp", "single")
	if err != nil {
		return err
	}
	return carray.Write(filepath.Dir(path), m, carray.Options{Name: name, Requantization: integer.Requantization(how), Facts: o.facts})
}

func checkC(path string, m *quantized.Model) (map[string]string, error) {
	if err := carray.Verify(path, m); err != nil {
		return nil, err
	}
	header, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return carray.Facts(header)
}
