package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// file is a file of a release or of an archive.
type file struct {
	name    string
	data    []byte
	program bool // may be executed
}

// build builds the program for a platform and returns its archive and its
// bill of materials.
func (c commit) build(platform string) ([]file, error) {
	system, processor, ok := strings.Cut(platform, "/")
	if !ok {
		return nil, fmt.Errorf("want a system and a processor, such as linux/amd64")
	}
	program, err := compile(system, processor, c.version)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.Read(bytes.NewReader(program.data))
	if err != nil {
		return nil, fmt.Errorf("the program's modules: %w", err)
	}
	modules, err := licensed(info)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("petrify_%s_%s_%s", c.version, system, processor)
	texts, err := licenses(modules)
	if err != nil {
		return nil, err
	}
	content := []file{program, {name: "THIRD_PARTY_LICENSES", data: texts}}
	for _, f := range []string{"CHANGELOG.md", "LICENSE", "README.md"} {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		content = append(content, file{name: f, data: data})
	}
	packed, err := pack(name, system == "windows", content, c.time)
	if err != nil {
		return nil, err
	}
	materials, err := bill(name, c, modules)
	if err != nil {
		return nil, err
	}
	return []file{packed, {name: name + ".cdx.json", data: materials}}, nil
}

// compile builds the program for the oldest processor that Go supports on the
// platform, whatever the environment says. Without -buildvcs=false, the program
// would differ between a clone and an unpacked archive.
func compile(system, processor, version string) (file, error) {
	folder, err := os.MkdirTemp("", "petrify-release")
	if err != nil {
		return file{}, err
	}
	defer os.RemoveAll(folder)
	name := "petrify"
	if system == "windows" {
		name += ".exe"
	}
	path := filepath.Join(folder, name)
	environment := []string{
		"GOOS=" + system, "GOARCH=" + processor, "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOFIPS140=off",
		"GOAMD64=v1", "GOARM64=v8.0", "GOARM=6", "GO386=sse2", "GORISCV64=rva20u64",
	}
	_, err = run(environment, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+version, "-o", path, "./cmd/petrify")
	if err != nil {
		return file{}, err
	}
	data, err := os.ReadFile(path)
	return file{name: name, data: data, program: true}, err
}
