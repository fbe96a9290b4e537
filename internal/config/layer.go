package config

import (
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
)

// layerSection is the table of keys for layers of l's kind: name, inputs, and
// the settings that have an effect.
func layerSection(l *graph.Layer) section {
	s := section{
		{"name", "Unique in the network; the default is the kind and a number.", text(&l.Name)},
		{"from", "The layer or layers that it reads, or input for the network's input; the default is the one before.",
			words{&l.From}},
	}
	keys := l.Kind.Takes()
	for _, f := range settings(l) {
		if slices.Contains(keys, f.key) {
			s = append(s, f)
		}
	}
	return s
}

// settings lists those of all kinds.
func settings(l *graph.Layer) section {
	return section{
		{"filters", "Output channels; the default for a depthwise convolution is the number of its inputs.",
			integer(&l.Units, 1, math.MaxInt32)},
		{"groups", "Parts of the channels that do not see each other, or that are shuffled: a number, or depthwise.",
			groups(&l.Groups)},
		{"dilation", "Distance between the kernel's points.", tuple{l.Dilation[:], 1}},
		{"kernel", "Size of the window: one number, or [height, width].", tuple{l.Kernel[:], 1}},
		{"stride", "Distance between windows; the default is 1 for a convolution and the kernel for a pool.",
			tuple{l.Stride[:], 1}},
		{"padding", "Zeros, or a pad's value, around the image, or what a conv_transpose cuts off: same, one " +
			"number, or [top, " +
			"left, bottom, right].", around(&l.Padding)},
		{"output_padding", "What the output has more at the end, less than the stride: one number, or [rows, columns].",
			tuple{l.OutputPadding[:], 0}},
		{"ceil_mode", "Whether a last window that starts in the image may end beyond the padding.", yes(&l.CeilMode)},
		{"count_include_pad", "Whether a mean counts the padding, as zeros. PyTorch's default is true.",
			yes(&l.CountIncludePad)},
		{"features", "Outputs.", integer(&l.Units, 1, math.MaxInt32)},
		{"factor", "How often rows and columns are repeated: one number, or [rows, columns].",
			tuple{l.Factor[:], 1}},
		{"shape", "The new shape: [channels, height, width].", triple{&l.Shape}},
		{"extra_channels", "How many: one number, or [before, after].", tuple{l.ExtraChannels[:], 0}},
		{"value", "Of the padding; it is limited to the range of the input.", number(&l.Value, finite)},
		{"channels", "Which: [first, the one after the last]; the default is all.", part{&l.Channels}},
		{"rows", "Which, as channels.", part{&l.Rows}},
		{"columns", "Which, as channels.", part{&l.Columns}},
		{"min", "Lower bound; null is none.", bound{&l.Min, -graph.Unbounded}},
		{"max", "Upper bound; null is none.", bound{&l.Max, graph.Unbounded}},
		{"slope", "Slope below 0, of any sign and size.", number(&l.Slope, finite)},
		{"epsilon", "Added to the variance; null is 0.00001, as in PyTorch. Keras's is 0.001.",
			auto[float64]{&l.Epsilon, number(&l.Epsilon, positive)}},
		{"heads", "Parts of the channels, each of which has scores of its own.", integer(&l.Heads, 1, math.MaxInt32)},
		{"scale", "What scores are multiplied by; null is 1/√channels of a head.",
			auto[float32]{&l.Scale, number(&l.Scale, positive)}},
		{"rate", "Share of elements that training sets to 0.", number(&l.Rate, below1)},
	}
}

// groups is a number or the word depthwise.
func groups(to *int) value {
	return scalar[int]{
		to: to, want: "a whole number of at least 1, or depthwise", tags: []string{"!!int", "!!str"},
		parse: func(t string) (int, bool) {
			if t == "depthwise" {
				return graph.Depthwise, true
			}
			v, err := strconv.Atoi(t)
			return v, err == nil && v >= 1 && v <= math.MaxInt32
		},
		format: func(v int) string {
			if v == graph.Depthwise {
				return "depthwise"
			}
			return strconv.Itoa(v)
		},
		json: map[string]any{"anyOf": []any{map[string]any{"type": "integer", "minimum": 1},
			map[string]any{"const": "depthwise"}}},
	}
}

// layers is a list of layers, each "relu" or {conv2d: {filters: 16, …}}.
type layers struct{ to *[]graph.Layer }

func (v layers) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.fault(n, key, "want a list of layers, got %s", describe(n))
		return
	}
	*v.to = make([]graph.Layer, 0, len(n.Content))
	for i, item := range n.Content {
		*v.to = append(*v.to, readLayer(r, resolve(item), join(key, strconv.Itoa(i)))...)
	}
}

// readLayer reads one item of the list.
func readLayer(r *reader, n *yaml.Node, key string) []graph.Layer {
	name, keys := n, &yaml.Node{Kind: yaml.MappingNode, Line: n.Line}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		name, keys = resolve(n.Content[0]), n.Content[1]
	}
	if name.Kind != yaml.ScalarNode {
		r.fault(n, key, "want a layer, such as relu, or conv2d: {filters: 16, kernel: 3}, got %s", describe(n))
		return nil
	}
	for _, c := range calls() {
		if c.name == name.Value {
			c.section(&c.layer).read(r, keys, join(key, name.Value))
			return c.layers(c.layer)
		}
	}
	r.fault(name, key, "unknown layer %q: %s", name.Value, suggest(name.Value, callNames()))
	return nil
}

func kinds() []string {
	var names []string
	for _, k := range graph.Kinds() {
		names = append(names, k.String())
	}
	return names
}

func (v layers) write() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, l := range *v.to {
		list.Content = append(list.Content, writeLayer(l))
	}
	return list
}

// bare is a layer of a kind without keys.
func bare(k graph.Kind) graph.Layer {
	l := graph.Layer{Kind: k}
	if k == graph.KindClip {
		l.Min, l.Max = -graph.Unbounded, graph.Unbounded
	}
	return l
}

// writeLayer writes the keys that differ from those of a bare layer.
func writeLayer(l graph.Layer) *yaml.Node {
	bare := bare(l.Kind)
	keys, defaults := layerSection(&l), layerSection(&bare)
	block := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
	for i, f := range keys {
		if n := f.value.write(); !equal(n, defaults[i].value.write()) {
			block.Content = append(block.Content, plain("!!str", f.key), n)
		}
	}
	kind := plain("!!str", l.Kind.String())
	if len(block.Content) == 0 {
		return kind
	}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{kind, block}}
}

func (v layers) schema() map[string]any { return reference("layers") }

// layersSchema is the definition that the reference names.
func layersSchema() map[string]any {
	anyOf := []any{map[string]any{"enum": callNames()}}
	for _, c := range calls() {
		keys := c.section(&c.layer).schema()
		if c.doc != "" {
			keys["description"] = c.doc
		}
		anyOf = append(anyOf, map[string]any{
			"type": "object", "additionalProperties": false, "required": []string{c.name},
			"properties": map[string]any{c.name: keys},
		})
	}
	return map[string]any{"type": "array", "minItems": 1, "items": map[string]any{"anyOf": anyOf}}
}
