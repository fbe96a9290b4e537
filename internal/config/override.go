package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Override is a key whose value the command line sets, overriding the file.
type Override struct {
	Flag  string // what faults call it, such as "--seed 7"
	Key   string // dotted path, such as "float.epochs"
	Value string // YAML
}

// ParseOverride reads the key=value of a --set flag.
func ParseOverride(text string) (Override, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return Override{}, fmt.Errorf("config: --set %s: want key=value, such as float.epochs=3", text)
	}
	return Override{Flag: "--set " + text, Key: key, Value: value}, nil
}

// apply puts the value into the document, where the usual reading finds and
// checks it.
func (o Override) apply(r *reader, root *yaml.Node) {
	value, err := o.node()
	if err != nil {
		r.faults = append(r.faults, Fault{o.Flag, o.Key, err.Error()})
		return
	}
	keys := strings.Split(o.Key, ".")
	for i, key := range keys[:len(keys)-1] {
		if root.Kind != yaml.MappingNode {
			r.faults = append(r.faults, Fault{o.Flag, strings.Join(keys[:i], "."), "is not a block of keys"})
			return
		}
		next := lookup(root, key)
		if next == nil || next.Kind == yaml.ScalarNode && next.ShortTag() == "!!null" {
			next = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			o.set(r, root, key, next)
		}
		root = resolve(next)
	}
	if root.Kind != yaml.MappingNode {
		r.faults = append(r.faults, Fault{o.Flag, strings.Join(keys[:len(keys)-1], "."), "is not a block of keys"})
		return
	}
	o.set(r, root, keys[len(keys)-1], value)
}

// node is the value as YAML.
func (o Override) node() (*yaml.Node, error) {
	if !utf8.ValidString(o.Value) {
		return nil, fmt.Errorf("%q is not UTF-8", o.Value)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(o.Value), &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return plain("!!null", ""), nil
	}
	return document.Content[0], nil
}

// set puts key: value into a mapping, replacing an older value.
func (o Override) set(r *reader, mapping *yaml.Node, key string, value *yaml.Node) {
	name := plain("!!str", key)
	for _, n := range []*yaml.Node{name, value} {
		walk(n, func(inner *yaml.Node) { r.origin[inner] = o.Flag })
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i], mapping.Content[i+1] = name, value
			return
		}
	}
	mapping.Content = append(mapping.Content, name, value)
}
