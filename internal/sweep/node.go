package sweep

import (
	"fmt"
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"
)

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

func scalar(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// pairs yields the keys and values of a block of keys.
func (s *source) pairs(n *yaml.Node, what string) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		n := resolve(n)
		if n.Kind != yaml.MappingNode {
			s.fault(n, "%s: want a block of keys", what)
			return
		}
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := resolve(n.Content[i])
			if seen[key.Value] {
				s.fault(key, "%s: the key %q is there twice", what, key.Value)
				continue
			}
			seen[key.Value] = true
			if !yield(key, resolve(n.Content[i+1])) {
				return
			}
		}
	}
}

// list is the items of a list.
func (s *source) list(n *yaml.Node, what string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		s.fault(n, "%s: want a list", what)
		return nil
	}
	return n.Content
}

// label is a value on one line.
func label(n *yaml.Node) string {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	line := *n
	line.Style = yaml.FlowStyle
	text, err := yaml.Marshal(&line)
	if err != nil { // of a node that was read
		panic(err)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// at is a block of keys with a value at a path with dots.
func at(path string, value *yaml.Node) *yaml.Node {
	keys := strings.Split(path, ".")
	for i := len(keys) - 1; i >= 0; i-- {
		block := mapping()
		block.Content = []*yaml.Node{scalar("!!str", keys[i]), value}
		value = block
	}
	return value
}

// merge is a block of keys with changes: blocks are merged, everything else is
// replaced. Neither argument is changed.
func merge(base, changes *yaml.Node) *yaml.Node {
	base, changes = resolve(base), resolve(changes)
	if base.Kind != yaml.MappingNode || changes.Kind != yaml.MappingNode {
		return changes
	}
	merged := *base
	merged.Content = append([]*yaml.Node{}, base.Content...)
	for i := 0; i+1 < len(changes.Content); i += 2 {
		key, value := changes.Content[i], changes.Content[i+1]
		if at := find(&merged, key.Value); at >= 0 {
			merged.Content[at+1] = merge(merged.Content[at+1], value)
		} else {
			merged.Content = append(merged.Content, key, value)
		}
	}
	return &merged
}

// find is the index of a key in a mapping's content, or −1.
func find(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if resolve(n.Content[i]).Value == key {
			return i
		}
	}
	return -1
}

// without is a block of keys without some of them.
func without(n *yaml.Node, keys ...string) *yaml.Node {
	left := *n
	left.Content = append([]*yaml.Node{}, n.Content...)
	for _, key := range keys {
		if at := find(&left, key); at >= 0 {
			left.Content = append(left.Content[:at], left.Content[at+2:]...)
		}
	}
	return &left
}

// maxNodes is the greatest number of nodes of a document with its aliases resolved.
const maxNodes = 1 << 17

// expand is a copy of a document in which every alias is what it stands for.
func expand(n *yaml.Node, left *int) (*yaml.Node, error) {
	n = resolve(n)
	if *left--; *left < 0 {
		return nil, fmt.Errorf("more than %d values", maxNodes)
	}
	whole := *n
	whole.Anchor, whole.Content = "", make([]*yaml.Node, len(n.Content))
	for i, inner := range n.Content {
		var err error
		if whole.Content[i], err = expand(inner, left); err != nil {
			return nil, err
		}
	}
	return &whole, nil
}
