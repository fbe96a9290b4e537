package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// value is what a key may contain, bound to the variable that holds it. One
// value reads, checks, prints and describes its key.
type value interface {
	read(r *reader, n *yaml.Node, key string) // take the node's value, or report why not
	write() *yaml.Node                        // the present value
	schema() map[string]any                   // the JSON schema of the allowed values
}

// field is one key of a section. The tables of fields are the only place where
// keys are listed: reading, checking, printing and the schema follow from them.
type field struct {
	key   string
	doc   string // one sentence
	value value
}

// sentence is the field's sentence, with the words that it may contain.
func (f field) sentence() string {
	if v, ok := f.value.(interface{ choices() string }); ok && v.choices() != "" {
		return f.doc + " It is " + v.choices() + "."
	}
	return f.doc
}

// section is a block of keys.
type section []field

func (s section) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, key, "want a block of keys (%s), got %s", strings.Join(s.keys(), ", "), describe(n))
		return
	}
	for name, content := range pairs(r, n, key) {
		i := slices.IndexFunc(s, func(f field) bool { return f.key == name.Value })
		if i < 0 {
			r.fault(name, join(key, name.Value), "unknown key: %s", suggest(name.Value, s.keys()))
			continue
		}
		path := join(key, name.Value)
		r.where[path] = r.at(name)
		s[i].value.read(r, content, path)
	}
}

func (s section) keys() []string {
	keys := make([]string, len(s))
	for i, f := range s {
		keys[i] = f.key
	}
	return keys
}

func (s section) write() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, f := range s {
		key := plain("!!str", f.key)
		key.HeadComment = wrap(f.sentence(), 76)
		n.Content = append(n.Content, key, f.value.write())
	}
	return n
}

func (s section) schema() map[string]any {
	properties := map[string]any{}
	for _, f := range s {
		p := f.value.schema()
		p["description"] = f.sentence()
		properties[f.key] = p
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

// auto is a value that may be null, which leaves the choice to the program; its
// variable is then zero.
type auto[T comparable] struct {
	to    *T
	value value
}

func (a auto[T]) read(r *reader, n *yaml.Node, key string) {
	if resolve(n).ShortTag() == "!!null" {
		*a.to = *new(T)
		return
	}
	a.value.read(r, n, key)
}

func (a auto[T]) write() *yaml.Node {
	if *a.to == *new(T) {
		return plain("!!null", "null")
	}
	return a.value.write()
}

// choices are those of the value.
func (a auto[T]) choices() string {
	if v, ok := a.value.(interface{ choices() string }); ok {
		return v.choices()
	}
	return ""
}

func (a auto[T]) schema() map[string]any {
	s := a.value.schema()
	delete(s, "default")
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, s}}
}

// bound is a number, or null for the one that bounds nothing.
type bound struct {
	to   *float32
	none float32
}

func (b bound) read(r *reader, n *yaml.Node, key string) {
	if resolve(n).ShortTag() == "!!null" {
		*b.to = b.none
		return
	}
	number(b.to, finite).read(r, n, key)
}

func (b bound) write() *yaml.Node {
	if *b.to == b.none {
		return plain("!!null", "null")
	}
	return number(b.to, finite).write()
}

func (b bound) schema() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, finite.schema()}}
}

// wrap breaks a sentence into lines of at most width bytes.
func wrap(sentence string, width int) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(sentence) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n")
}

// describe shows a node in a message.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a block of keys"
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			return "an empty list"
		}
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	v := n.Value
	if len(v) > 40 {
		v = strings.ToValidUTF8(v[:40], "") + "…"
	}
	return fmt.Sprintf("%q", v)
}
