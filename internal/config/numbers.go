package config

import (
	"strconv"

	"go.yaml.in/yaml/v4"
)

// numbers is a list of real numbers, or one, or null.
type numbers struct{ to *[]float32 }

func (v numbers) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	*v.to = nil
	if n.ShortTag() == "!!null" {
		return
	}
	items := n.Content
	if n.Kind == yaml.ScalarNode {
		items = []*yaml.Node{n}
	}
	for _, item := range items {
		f, err := strconv.ParseFloat(resolve(item).Value, 32)
		if err != nil || n.Kind == yaml.MappingNode {
			r.fault(item, key, "want a number or a list of numbers, got %s", describe(resolve(item)))
			return
		}
		*v.to = append(*v.to, float32(f))
	}
}

func (v numbers) write() *yaml.Node {
	var items []*yaml.Node
	for _, f := range *v.to {
		items = append(items, plain("!!float", strconv.FormatFloat(float64(f), 'g', -1, 32)))
	}
	switch len(items) {
	case 0:
		return plain("!!null", "null")
	case 1:
		return items[0]
	}
	return flow(items...)
}

func (v numbers) schema() map[string]any {
	number := map[string]any{"type": "number"}
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, number,
		map[string]any{"type": "array", "items": number, "minItems": 1}}}
}
