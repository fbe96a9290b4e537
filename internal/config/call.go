package config

import (
	"math"
	"slices"

	"petrify/graph"
)

// call is a word that a list of layers may contain: a kind of layer, or another
// name for a convolution.
type call struct {
	name    string
	doc     string      // one sentence; "" for kinds, which speak for themselves
	layer   graph.Layer // to be filled by the keys
	section func(*graph.Layer) section
	layers  func(graph.Layer) []graph.Layer // the layers that the filled one means
}

// calls lists the words.
func calls() []call {
	var all []call
	for _, k := range graph.Kinds() {
		itself := func(l graph.Layer) []graph.Layer { return []graph.Layer{l} }
		all = append(all, call{name: k.String(), layer: bare(k), section: layerSection, layers: itself})
	}
	return append(all,
		call{"conv1d", "A conv2d with a kernel one pixel high, for signals C 1 L.", graph.Conv1D(0, 0),
			conv1DSection, conv1D},
		call{"separable_conv2d",
			"Two conv2d: a depthwise one, then one of a single pixel that mixes its channels. A name is the " +
				"second one's; the first is called after it with _depthwise.",
			graph.Layer{Kind: graph.KindConv2D}, separableSection, separable})
}

func callNames() (names []string) {
	for _, c := range calls() {
		names = append(names, c.name)
	}
	return names
}

func conv1DSection(l *graph.Layer) section {
	return append(shared(l, "name", "from", "filters", "groups"),
		field{"dilation", "Distance between the kernel's points.", integer(&l.Dilation[1], 1, longest)},
		field{"kernel", "Length of the window.", integer(&l.Kernel[1], 1, longest)},
		field{"stride", "Distance between windows; left out, 1.", integer(&l.Stride[1], 1, longest)},
		field{"padding", "Zeros around the signal: same, one number, or [left, right].", beside(&l.Padding)})
}

// conv1D fills in the height, which the keys of a one-dimensional convolution
// leave out.
func conv1D(l graph.Layer) []graph.Layer {
	for _, size := range []*[2]int{&l.Stride, &l.Dilation} {
		size[0] = min(size[1], 1)
	}
	return []graph.Layer{l}
}

func separableSection(l *graph.Layer) section {
	return append(shared(l, "name", "from"),
		append(section{{"filters", "Output channels, of the second.", integer(&l.Units, 1, math.MaxInt32)}},
			shared(l, "dilation", "kernel", "stride", "padding")...)...)
}

func separable(l graph.Layer) []graph.Layer {
	pair := graph.Separable(l.Units, 1)
	pair[1].Name = l.Name
	if l.Name != "" {
		l.Name += "_depthwise"
	}
	l.Units, l.Groups = pair[0].Units, pair[0].Groups
	pair[0] = l
	return pair
}

// shared picks keys of a two-dimensional convolution.
func shared(l *graph.Layer, keys ...string) section {
	return slices.DeleteFunc(layerSection(l), func(f field) bool { return !slices.Contains(keys, f.key) })
}
