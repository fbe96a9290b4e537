package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

// cFormat is C source. Its files have a folder of their own and are named after
// the network, since a program may contain several.
func cFormat() format {
	return format{
		name: "c", file: "c/model.h", runs: "microcontrollers",
		options: []string{"name", "requantization", "input-layout", "pack", "no-pack", "json"},
		place:   headerOf,
		write:   writeC,
		is:      func(path string, head []byte) bool { return filepath.Ext(path) == ".h" && carray.Wrote(head) },
		parts:   func(path string) ([]string, error) { return carray.Parts(path), nil },
		verify:  checkC,
		inspect: inspectC,

		arithmetic: cArithmetic,
		footprint:  cFootprint,
	}
}

// cArithmetic is the arithmetic of an export's sums: that of its options for
// integers, and the definition's for real numbers.
func cArithmetic(facts map[string]string) (a arithmetic, err error) {
	how, err := carray.RequantizationOf(facts)
	if err != nil {
		return a, err
	}
	a = arithmetic{Options: integer.Options{Requantization: how}, sums: "the definition's, in double"}
	if how != integer.Float32 {
		a.whose = how.String()
	}
	return a, nil
}

// headerOf is the header's usual place.
func headerOf(m *quantized.Model, o exportOptions) string {
	name := o.name
	if name == "" {
		name = carray.Identifier(m.Name)
	}
	return filepath.Join("c", name+".h")
}

// writeC writes the header at the given path, with source and test next to it.
func writeC(path string, m *quantized.Model, o exportOptions) error {
	name, ok := strings.CutSuffix(filepath.Base(path), ".h")
	switch {
	case !ok:
		return usage(fmt.Errorf("--out %s: want the header's path, which ends in .h", path))
	case o.name != "" && o.name != name:
		return usage(fmt.Errorf("--name %s and --out %s: want one name", o.name, path))
	}
	switch {
	case o.pack && o.noPack:
		return usage(errors.New("--pack and --no-pack: want one of them"))
	case (o.pack || o.noPack) && !carray.Packs(m):
		return usage(errors.New("--pack and --no-pack: no layer has weights of up to 4 bits, which can be packed"))
	}
	options, err := cOptions(m, o)
	if err != nil {
		return err
	}
	options.Name, options.Facts = name, o.facts
	return carray.Write(filepath.Dir(path), m, options)
}

// cOptions are those that decide what an export computes.
func cOptions(m *quantized.Model, o exportOptions) (carray.Options, error) {
	how, err := choice("requantization", o.requantization, "float32", "gemmlowp", "single")
	if err != nil {
		return carray.Options{}, err
	}
	first, err := o.channelsFirst(m)
	return carray.Options{Requantization: integer.Requantization(how), Planes: first, Unpacked: o.noPack}, err
}

func checkC(path string, m *quantized.Model) (map[string]string, error) {
	if err := carray.Verify(path, m); err != nil {
		return nil, err
	}
	return headerFacts(path)
}

func headerFacts(path string) (map[string]string, error) {
	header, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return carray.Facts(header)
}

// inspectC shows a header's metadata.
func inspectC(w io.Writer, path string) error {
	facts, err := headerFacts(path)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		fmt.Fprintf(t, "%s\t%s\n", key, facts[key])
	}
	return t.Flush()
}
