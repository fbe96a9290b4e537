package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The marks between which a document holds the last report of each processor.
const (
	markBegin = "<!-- make bench-peers writes from here -->\n"
	markEnd   = "<!-- to here -->\n"
	heading   = "### " // of a report
)

// write puts results.json and results.md into a folder, and the latter into a
// document unless its name is empty.
func (r *report) write(folder, document string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "results.json"), data.Bytes(), 0o666); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "results.md"), []byte(r.markdown()), 0o666); err != nil {
		return err
	}
	if document == "" {
		return nil
	}
	old, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	text, err := replace(string(old), r.markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(text), 0o666)
}

// readReport reads a results.json.
func readReport(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(report)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// replace puts a report between the marks of a document, in place of the one of the same
// processor or ahead of those of others.
func replace(document, report string) (string, error) {
	before, rest, begins := strings.Cut(document, markBegin)
	reports, after, ends := strings.Cut(rest, markEnd)
	if !begins || !ends {
		return "", fmt.Errorf("no lines %q and %q to write between", strings.TrimSpace(markBegin),
			strings.TrimSpace(markEnd))
	}
	title, _, _ := strings.Cut(report, "\n")
	for old := range strings.SplitSeq(reports, "\n"+heading) {
		old = heading + strings.TrimPrefix(old, heading)
		if strings.HasPrefix(old, title+"\n") {
			reports = strings.Replace(reports, strings.TrimSuffix(old, "\n"), strings.TrimSuffix(report, "\n"), 1)
			return before + markBegin + reports + markEnd + after, nil
		}
	}
	if reports != "" {
		report += "\n"
	}
	return before + markBegin + report + reports + markEnd + after, nil
}
