package config

import (
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
)

// networkValue is a built-in network's name or a list of layers:
//
//	network: cnn
//
//	network:
//	  - conv2d: {filters: 16, kernel: 3, padding: same}
//	  - batch_norm
//	  - relu
//	  - max_pool: {kernel: 2}
//	  - flatten
//	  - linear: {features: 10}
type networkValue struct{ to *Network }

func builtins() string { return strings.Join(graph.BuiltinNames(), ", ") }

func (v networkValue) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		*v.to = Network{Layers: make([]graph.Layer, len(n.Content))}
		for i, item := range n.Content {
			readLayer(r, resolve(item), join(key, strconv.Itoa(i)), &v.to.Layers[i])
		}
		return
	}
	name := oneOf(&v.to.Builtin, graph.BuiltinNames()...).(scalar[string])
	name.want += ", or a list of layers"
	name.read(r, n, key)
	v.to.Layers = nil
}

// readLayer reads "relu" or {conv2d: {filters: 16, …}}.
func readLayer(r *reader, n *yaml.Node, key string, to *graph.Layer) {
	name, keys := n, &yaml.Node{Kind: yaml.MappingNode, Line: n.Line}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		name, keys = resolve(n.Content[0]), n.Content[1]
	}
	if name.Kind != yaml.ScalarNode {
		r.fault(n, key, "want a layer, such as relu, or conv2d: {filters: 16, kernel: 3}, got %s", describe(n))
		return
	}
	kind, err := graph.ParseKind(name.Value)
	if err != nil {
		r.fault(name, key, "unknown layer %q: %s", name.Value, suggest(name.Value, kinds()))
		return
	}
	to.Kind = kind
	layerSection(to).read(r, keys, join(key, name.Value))
}

func kinds() []string {
	var names []string
	for _, k := range graph.Kinds() {
		names = append(names, k.String())
	}
	return names
}

func (v networkValue) write() *yaml.Node {
	if v.to.Layers == nil {
		return plain("!!str", v.to.Builtin)
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, l := range v.to.Layers {
		list.Content = append(list.Content, writeLayer(l))
	}
	return list
}

// writeLayer writes the keys that differ from those of a layer of the kind.
func writeLayer(l graph.Layer) *yaml.Node {
	bare := graph.Layer{Kind: l.Kind}
	keys, defaults := layerSection(&l), layerSection(&bare)
	block := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
	for i, f := range keys {
		if n := f.value.write(); !equal(n, defaults[i].value.write()) {
			block.Content = append(block.Content, plain("!!str", f.key), n)
		}
	}
	if len(block.Content) == 0 {
		return plain("!!str", l.Kind.String())
	}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{plain("!!str", l.Kind.String()), block}}
}

func (v networkValue) schema() map[string]any {
	var words []string
	var layers []any
	for _, k := range graph.Kinds() {
		words = append(words, k.String())
		layers = append(layers, map[string]any{
			"type": "object", "additionalProperties": false, "required": []string{k.String()},
			"properties": map[string]any{k.String(): layerSection(&graph.Layer{Kind: k}).schema()},
		})
	}
	layers = append(layers, map[string]any{"enum": words})
	return map[string]any{"anyOf": []any{
		map[string]any{"enum": graph.BuiltinNames()},
		map[string]any{"type": "array", "minItems": 1, "items": map[string]any{"anyOf": layers}},
	}}
}

// layerSection is the table of the keys of a layer of l's kind.
func layerSection(l *graph.Layer) section {
	s := section{{"name", "Unique in the network; left out, the kind and a number.", text(&l.Name)}}
	switch l.Kind {
	case graph.KindConv2D:
		s = append(s, field{"filters", "Output channels.", integer(&l.Units, 1, math.MaxInt32)})
		return append(s, windowFields(l)...)
	case graph.KindMaxPool:
		return append(s, windowFields(l)...)
	case graph.KindLinear:
		return append(s, field{"features", "Outputs.", integer(&l.Units, 1, math.MaxInt32)})
	}
	return s
}

func windowFields(l *graph.Layer) section {
	return section{
		{"kernel", "Size of the window: one number, or [height, width].", tuple{l.Kernel[:], 1}},
		{"stride", "Distance between windows; left out, 1 for a convolution and the kernel for a pool.", tuple{l.Stride[:], 1}},
		{"padding", "Zeros around the image: same, one number, or [top, left, bottom, right].", padding{&l.Padding}},
	}
}
