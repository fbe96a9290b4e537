package config

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
)

// Network is a built-in network, or a list of layers with a name and a loss.
type Network struct {
	Builtin string
	graph.Network
}

// defaultName is that of a network that is given as a list.
const defaultName = "custom"

// networkValue is a built-in network's name, a list of layers, or a block:
//
//	network: cnn
//
//	network:
//	  - conv2d: {filters: 16, kernel: 3, padding: same}
//	  - batch_norm
//	  - relu
//	  - flatten
//	  - linear: {features: 10}
//
//	network:
//	  name: autoencoder
//	  loss: mean_square
//	  layers: […]
//
//	network: model.onnx    # or the folder that `petrify import` wrote
type networkValue struct{ to *Network }

func builtins() string { return strings.Join(graph.BuiltinNames(), ", ") }

func (v networkValue) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	own := Network{Network: graph.Network{Name: defaultName}}
	switch n.Kind {
	case yaml.SequenceNode:
		layers{&own.Layers}.read(r, n, key)
	case yaml.MappingNode:
		own.section().read(r, n, key)
		if own.Layers == nil {
			r.fault(n, key, "want layers in the block")
		}
	default:
		if from := importer(n); from != nil {
			if err := from(r, &own, n.Value); err != nil {
				r.fault(n, key, "%v", err)
			}
			break
		}
		own.Name = ""
		name := oneOf(&own.Builtin, graph.BuiltinNames()...).(scalar[string])
		name.want += ", a list of layers, an ONNX file, or the folder of an import"
		name.read(r, n, key)
	}
	*v.to = own
}

func (n *Network) section() section {
	return section{
		{"name", "The name in reports.", text(&n.Name)},
		{"loss", "What training minimises: cross_entropy for classes, mean_square for an autoencoder.",
			lossValue(&n.Loss)},
		{"layers", "The layers, each fed by the one before unless it says from.", layers{&n.Layers}},
	}
}

func lossValue(to *graph.Loss) value {
	losses := []graph.Loss{graph.CrossEntropy, graph.MeanSquare}
	return scalar[graph.Loss]{
		to: to, want: "one of cross_entropy, mean_square", tags: []string{"!!str"},
		parse: func(t string) (graph.Loss, bool) {
			for _, l := range losses {
				if l.String() == t {
					return l, true
				}
			}
			return 0, false
		},
		format: graph.Loss.String,
		json:   map[string]any{"enum": []string{losses[0].String(), losses[1].String()}},
	}
}

func (v networkValue) write() *yaml.Node {
	switch {
	case v.to.Builtin != "":
		return plain("!!str", v.to.Builtin)
	case v.to.Name == defaultName && v.to.Loss == graph.CrossEntropy:
		return layers{&v.to.Layers}.write()
	default:
		return v.to.section().write()
	}
}

func (v networkValue) schema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"enum": graph.BuiltinNames()}, reference("layers"), new(Network).section().schema(),
		map[string]any{"type": "string", "description": "An ONNX file, or the folder that petrify import wrote."},
	}}
}
