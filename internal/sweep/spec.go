package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Spec is what a sweep's file says.
type Spec struct {
	base    *yaml.Node // the configuration that all trials share
	dims    []dim      // in the order of the file; the last one varies fastest
	exclude []labels   // trials that are left out
	halving *Halving   // nil: all trials run to their end

	root     *yaml.Node // the file
	relative string     // the folder that relative paths are relative to; "": where the plan is made
}

// dim is a dimension of the product: an axis, axes that go together, or a sample.
type dim struct {
	axes   []string
	points []point
}

// point is one choice of a dimension.
type point struct {
	labels  []string   // for each of the dimension's axes
	changes *yaml.Node // what the choice merges into the configuration
}

// relativeTo is the key of the folder that relative paths are relative to. Planning
// writes it.
const relativeTo = "relative_to"

// labels are the labels of some axes, by name.
type labels map[string]string

// maxTrials is the greatest number of trials of a sweep.
const maxTrials = 1_000_000

// Read reads a sweep's file. The base, where it is the name of a file, is relative to it.
func Read(file string) (*Spec, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	s, err := parse(file, text)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	return s, nil
}

// source is a file that is being read.
type source struct {
	name   string
	faults []error
}

func (s *source) fault(n *yaml.Node, format string, args ...any) {
	s.faults = append(s.faults, fmt.Errorf("%s:%d: %s", s.name, n.Line, fmt.Sprintf(format, args...)))
}

func parse(file string, text []byte) (*Spec, error) {
	root, err := document(file, text)
	if err != nil {
		return nil, err
	}
	src, spec := &source{name: file}, &Spec{base: mapping(), root: root}
	readers := map[string]func(n *yaml.Node){
		"base":    func(n *yaml.Node) { spec.base = src.base(n) },
		"axes":    func(n *yaml.Node) { spec.dims = append(spec.dims, src.axes(n)...) },
		"zip":     func(n *yaml.Node) { spec.dims = append(spec.dims, src.zips(n)...) },
		"sample":  func(n *yaml.Node) { spec.dims = append(spec.dims, src.sample(n)...) },
		"exclude": func(n *yaml.Node) { spec.exclude = src.exclusions(n) },
		"halving": func(n *yaml.Node) { spec.halving = src.halving(n) },

		relativeTo: func(n *yaml.Node) { spec.relative = n.Value },
	}
	for key, value := range src.pairs(root, "the file") {
		if read, ok := readers[key.Value]; ok {
			read(value)
		} else {
			src.fault(key, "unknown key %q: want base, axes, zip, sample, exclude or halving", key.Value)
		}
	}
	if len(src.faults) == 0 {
		src.check(root, spec)
	}
	return spec, errors.Join(src.faults...)
}

// document is the mapping of a YAML file.
func document(name string, text []byte) (*yaml.Node, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(root.Content) == 0 {
		return mapping(), nil
	}
	if root.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: want a block of keys", name)
	}
	left := maxNodes
	whole, err := expand(root.Content[0], &left)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return whole, nil
}

// check looks at what the keys say together.
func (s *source) check(root *yaml.Node, spec *Spec) {
	seen, total := map[string]bool{}, 1
	for _, d := range spec.dims {
		for _, axis := range d.axes {
			if seen[axis] {
				s.fault(root, "the axis %q is there twice", axis)
			}
			seen[axis] = true
		}
		if total *= len(d.points); total > maxTrials {
			s.fault(root, "more than %d trials", maxTrials)
			return
		}
	}
	for _, e := range spec.exclude {
		for axis, label := range e {
			if !spec.has(axis, label) {
				s.fault(root, "exclude: no trial has %s=%s", axis, label)
			}
		}
	}
}

// has reports whether an axis has a point of this label.
func (s *Spec) has(axis, label string) bool {
	for _, d := range s.dims {
		for i, name := range d.axes {
			for _, p := range d.points {
				if name == axis && p.labels[i] == label {
					return true
				}
			}
		}
	}
	return false
}

// base is a configuration: a block of keys, or the name of a file with them.
func (s *source) base(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		return n
	}
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		s.fault(n, "base: want a block of keys, or the name of a configuration file")
		return mapping()
	}
	file := n.Value
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(s.name), file)
	}
	text, err := os.ReadFile(file)
	if err == nil {
		var root *yaml.Node
		if root, err = document(file, text); err == nil {
			return root
		}
	}
	s.fault(n, "base: %v", err)
	return mapping()
}

// exclusions are the labels of trials that are left out.
func (s *source) exclusions(n *yaml.Node) (all []labels) {
	for _, item := range s.list(n, "exclude") {
		e := labels{}
		for key, value := range s.pairs(item, "exclude") {
			e[key.Value] = label(value)
		}
		if len(e) == 0 {
			s.fault(item, "exclude: want the labels of some axes, such as {bits: W2A2, method: minmax}")
		}
		all = append(all, e)
	}
	return all
}

// encode is the sweep's file, complete: its base is in it.
func (s *Spec) encode(relative string) []byte {
	complete := mapping()
	complete.Content = append(complete.Content, scalar("!!str", relativeTo), scalar("!!str", relative),
		scalar("!!str", "base"), s.base)
	for i := 0; i+1 < len(s.root.Content); i += 2 {
		if key := s.root.Content[i]; key.Value != "base" && key.Value != relativeTo {
			complete.Content = append(complete.Content, key, s.root.Content[i+1])
		}
	}
	return encode(complete)
}
