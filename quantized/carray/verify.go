package carray

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// Wrote reports whether petrify wrote a file with this beginning.
func Wrote(head []byte) bool { return marked(head) }

// Parts returns the paths of a header, its source and its test.
func Parts(header string) []string {
	stem := strings.TrimSuffix(header, ".h")
	return []string{header, stem + ".c", stem + "_test.c"}
}

var factLine = regexp.MustCompile(`(?m)^ \*   ("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*")$`)

// Facts reads what a header says about itself.
func Facts(header []byte) (map[string]string, error) {
	if !marked(header) {
		return nil, fmt.Errorf("carray: the header is not of petrify")
	}
	all := map[string]string{}
	for _, match := range factLine.FindAllSubmatch(header, -1) {
		var key, value string
		if err := json.Unmarshal(match[1], &key); err != nil {
			return nil, fmt.Errorf("carray: fact %s: %w", match[1], err)
		}
		if err := json.Unmarshal(match[2], &value); err != nil {
			return nil, fmt.Errorf("carray: fact %s: %w", match[2], err)
		}
		all[key] = value
	}
	return all, nil
}

// Verify returns an error unless the header at the given path, and the source
// and test next to it, are to the last byte what [Encode] makes of m with the
// options and facts that the header names. The error names what differs.
func Verify(path string, m *quantized.Model) error {
	header, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("carray: %w", err)
	}
	all, err := Facts(header)
	if err != nil {
		return err
	}
	if err := m.CheckFacts(all); err != nil {
		return fmt.Errorf("carray: the header %w", err)
	}
	o, err := writtenWith(all, m)
	if err != nil {
		return err
	}
	files, err := Encode(m, o)
	if err != nil {
		return fmt.Errorf("carray: the header's options: %w", err)
	}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(filepath.Dir(path), f.Name))
		if err != nil {
			return fmt.Errorf("carray: %w", err)
		}
		if line := differing(got, f.Data); line > 0 {
			return fmt.Errorf("carray: line %d of %s is not what the model gives: it was changed, or written by "+
				"another version", line, f.Name)
		}
	}
	return nil
}

// differing is the number of the first line in which two texts differ, 0 if
// they are equal.
func differing(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	equal := 0
	for equal < min(len(a), len(b)) && a[equal] == b[equal] {
		equal++
	}
	return 1 + bytes.Count(a[:equal], []byte("\n"))
}

// writtenWith returns the options of a header; facts that petrify does not
// write by itself are the user's.
func writtenWith(all map[string]string, m *quantized.Model) (o Options, err error) {
	if o, err = optionsOf(all); err != nil {
		return o, err
	}
	own, err := facts(m, o)
	if err != nil {
		return o, err
	}
	o.Facts = quantized.UsersFacts(all, own)
	return o, nil
}

// optionsOf are the options that a header names.
func optionsOf(facts map[string]string) (o Options, err error) {
	var export struct{ Name, Requantization, Input, Weights string }
	if err := json.Unmarshal([]byte(facts[quantized.ExportKey]), &export); err != nil {
		return o, fmt.Errorf("carray: the header's fact %q: %q: %w", quantized.ExportKey, facts[quantized.ExportKey],
			err)
	}
	if export.Input != "" && export.Input != planes {
		return o, fmt.Errorf("carray: the header's fact %q: input %q: want %q", quantized.ExportKey, export.Input,
			planes)
	}
	if export.Weights != "" && export.Weights != unpacked {
		return o, fmt.Errorf("carray: the header's fact %q: weights %q: want %q", quantized.ExportKey, export.Weights,
			unpacked)
	}
	o.Unpacked = export.Weights == unpacked
	o.Name, o.Planes = export.Name, export.Input == planes
	if o.Requantization, err = integer.ParseRequantization(export.Requantization); err != nil {
		return o, fmt.Errorf("carray: the header's fact %q: %w", quantized.ExportKey, err)
	}
	return o, nil
}

// RequantizationOf is how the export of a header with these facts rescales sums.
func RequantizationOf(facts map[string]string) (integer.Requantization, error) {
	o, err := optionsOf(facts)
	return o.Requantization, err
}
