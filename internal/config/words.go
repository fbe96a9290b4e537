package config

import "go.yaml.in/yaml/v4"

// words is a list of words, or one word.
type words struct{ to *[]string }

func (w words) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	items := n.Content
	if n.Kind == yaml.ScalarNode {
		items = []*yaml.Node{n}
	}
	var list []string
	for _, item := range items {
		if item = resolve(item); item.Kind != yaml.ScalarNode || item.ShortTag() == "!!null" {
			r.fault(item, key, "want a name or a list of names, got %s", describe(item))
			return
		}
		list = append(list, item.Value)
	}
	*w.to = list
}

func (w words) write() *yaml.Node {
	var items []*yaml.Node
	for _, word := range *w.to {
		items = append(items, plain("!!str", word))
	}
	if len(items) == 1 {
		return items[0]
	}
	return flow(items...)
}

func (w words) schema() map[string]any {
	word := map[string]any{"type": "string"}
	return map[string]any{"anyOf": []any{word, map[string]any{"type": "array", "items": word, "minItems": 1}}}
}

// nothing is an empty list, for a key of Core ML Tools' files that would have
// no effect.
type nothing struct{}

func (nothing) read(r *reader, n *yaml.Node, key string) {
	if n = resolve(n); len(n.Content) > 0 || n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		r.fault(n, key, "has no effect here: want an empty list, got %s", describe(n))
	}
}

func (nothing) write() *yaml.Node { return flow() }

func (nothing) schema() map[string]any { return map[string]any{"type": "array", "maxItems": 0} }
