package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The marks between which a document holds the last report.
const (
	markBegin = "<!-- make bench-peers writes from here -->\n"
	markEnd   = "<!-- to here -->\n"
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

// replace puts a text between the marks of a document.
func replace(document, text string) (string, error) {
	before, rest, begins := strings.Cut(document, markBegin)
	_, after, ends := strings.Cut(rest, markEnd)
	if !begins || !ends {
		return "", fmt.Errorf("no lines %q and %q to write between", strings.TrimSpace(markBegin),
			strings.TrimSpace(markEnd))
	}
	return before + markBegin + text + markEnd + after, nil
}
