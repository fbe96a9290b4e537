package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Setting is a key of a configuration, by its path, with its value as text.
type Setting struct{ Path, Value string }

// Settings lists all keys of a document that [Config.Print] wrote, in their order.
func Settings(document []byte) ([]Setting, error) {
	root, err := parse(document)
	if err != nil {
		return nil, err
	}
	return leaves(nil, "", root), nil
}

// leaves adds the leaves below a node.
func leaves(all []Setting, path string, n *yaml.Node) []Setting {
	n = resolve(n)
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = leaves(all, join(path, n.Content[i].Value), n.Content[i+1])
		}
		return all
	case n.Kind == yaml.SequenceNode && !scalars(n):
		for i, item := range n.Content {
			all = leaves(all, fmt.Sprintf("%s[%d]", path, i), item)
		}
		return all
	}
	return append(all, Setting{path, inline(n)})
}

// scalars reports whether a list has nothing but scalars.
func scalars(list *yaml.Node) bool {
	for _, item := range list.Content {
		if resolve(item).Kind != yaml.ScalarNode {
			return false
		}
	}
	return true
}

// inline is a scalar, or a list of scalars, on one line.
func inline(n *yaml.Node) string {
	if n.Kind != yaml.SequenceNode {
		return n.Value
	}
	items := make([]string, len(n.Content))
	for i, item := range n.Content {
		items[i] = resolve(item).Value
	}
	return "[" + strings.Join(items, ", ") + "]"
}
