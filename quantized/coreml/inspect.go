package coreml

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"petrify/quantized/coreml/mil"
)

// Inspect prints the package dir as text: interface, metadata, the program with
// its scales, and what its bytes are used for.
func Inspect(w io.Writer, dir string) error {
	p, err := mil.ReadPackage(dir)
	if err != nil {
		return fmt.Errorf("coreml: inspect: %w", err)
	}
	sizes, err := p.Sizes()
	if err != nil {
		return fmt.Errorf("coreml: inspect: %w", err)
	}
	if err := mil.Print(w, p); err != nil {
		return fmt.Errorf("coreml: inspect: %w", err)
	}
	_, err = io.WriteString(w, "\n"+table(sizes))
	return err
}

// table is the sizes, one line for each use of bytes.
func table(s mil.Sizes) string {
	var b strings.Builder
	line := func(n int, what string) { fmt.Fprintf(&b, "%10d  %s\n", n, what) }
	for _, d := range slices.Sorted(maps.Keys(s.Data)) {
		line(s.Data[d], "weight.bin, "+d.String())
	}
	line(s.Headers, fmt.Sprintf("weight.bin, headers of the file and %d records", s.Records))
	line(s.Padding, "weight.bin, padding to 64 bytes")
	line(s.Program, "model.mlmodel")
	line(s.Manifest, "Manifest.json")
	line(s.Total(), "bytes in all")
	return b.String()
}
