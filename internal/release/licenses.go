package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// module is a linked module with its licence.
type module struct {
	path, version, sum string
	license            string // as SPDX names it
	texts              []file // of the licence, and of notices
}

// licensed is the modules of a program, with Go's own library first.
func licensed(info *buildinfo.BuildInfo) ([]module, error) {
	root, err := run(nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	list := []module{{path: "stdlib", version: info.GoVersion}}
	query := []string{"list", "-m", "-f", "{{.Path}} {{.Dir}}"}
	for _, m := range info.Deps {
		list, query = append(list, module{path: m.Path, version: m.Version, sum: m.Sum}), append(query, m.Path)
	}
	lines, err := run(nil, "go", query...)
	if err != nil {
		return nil, err
	}
	folder := map[string]string{"stdlib": root}
	for line := range strings.Lines(lines) {
		path, place, _ := strings.Cut(strings.TrimSpace(line), " ")
		folder[path] = place
	}
	for i := range list {
		m := &list[i]
		if err := m.read(os.DirFS(folder[m.path])); err != nil {
			return nil, fmt.Errorf("%s %s: %w", m.path, m.version, err)
		}
	}
	return list, nil
}

// legal matches the files, at a module's root or in a folder there, that have
// to be distributed with it.
var legal = regexp.MustCompile(`(?i)^(li[cs]en[cs]e|copying|notice|patents|third_party_licen[cs]es/)`)

// read reads the module's legal files, in the order of their names.
func (m *module) read(root fs.FS) error {
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && !legal.MatchString(name+"/"):
			return fs.SkipDir
		case d.IsDir() || !legal.MatchString(name):
			return nil
		}
		data, err := fs.ReadFile(root, name)
		m.texts = append(m.texts, file{name: name, data: data})
		return err
	})
	if err != nil {
		return err
	}
	m.license, err = identify(m.texts)
	return err
}

// identify is the licence's name in SPDX.
func identify(texts []file) (string, error) {
	for _, t := range texts {
		words := strings.Join(strings.Fields(string(t.data)), " ")
		for _, l := range []struct{ id, phrase string }{
			{"Apache-2.0", "Apache License Version 2.0, January 2004"},
			{"Apache-2.0", "Licensed under the Apache License, Version 2.0"},
			{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"},
			{"BSD-3-Clause", "may be used to endorse or promote products derived from this software"},
			{"BSD-2-Clause", "Redistributions in binary form must reproduce the above copyright notice"},
		} {
			if strings.Contains(words, l.phrase) {
				return l.id, nil
			}
		}
	}
	return "", errors.New("unknown licence: read it, then add its phrase here or drop the module")
}

// licenses is the text that the licences require to accompany a program.
func licenses(modules []module) ([]byte, error) {
	digits, err := os.ReadFile("datasets/LICENSE-digits")
	if err != nil {
		return nil, err
	}
	uplot, err := os.ReadFile("internal/report/uplot/LICENSE")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("petrify contains the modules below, data, and a script. Its own licence is in the file LICENSE.\n")
	add := func(title string, text []byte) {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), title, strings.TrimRight(string(text), " \n"))
	}
	for _, m := range modules {
		for _, t := range m.texts {
			add(fmt.Sprintf("%s %s: %s", m.path, m.version, t.name), t.data)
		}
	}
	add("the embedded digits", digits)
	add("uPlot 1.6.32, the embedded script of reports", uplot)
	return []byte(b.String()), nil
}
