package graph

import (
	"fmt"
	"maps"
	"slices"
)

// zoo is the built-in networks by name; each takes the number of classes.
var zoo = map[string]func(classes int) []Layer{
	"mlp": func(classes int) []Layer {
		return []Layer{
			Flatten().Named("flatten"),
			Linear(64).Named("fc1"), ReLU().Named("relu1"),
			Linear(64).Named("fc2"), ReLU().Named("relu2"),
			Linear(classes).Named("fc3"),
		}
	},
	"cnn": func(classes int) []Layer {
		return []Layer{
			Conv2D(16, 3).Same().Named("conv1"), BatchNorm().Named("bn1"), ReLU().Named("relu1"), MaxPool(2).Named("pool1"),
			Conv2D(32, 3).Same().Named("conv2"), BatchNorm().Named("bn2"), ReLU().Named("relu2"), MaxPool(2).Named("pool2"),
			Flatten().Named("flatten"),
			Linear(128).Named("fc1"), ReLU().Named("relu3"),
			Linear(classes).Named("fc2"),
		}
	},
}

// Builtin returns a built-in network for the given number of classes:
//
//	mlp  flatten – 2 × (linear 64 – ReLU) – linear
//	cnn  2 × (conv 3×3 – batch norm – ReLU – pool 2), 16 and 32 filters, – linear 128 – ReLU – linear
func Builtin(name string, classes int) (Network, error) {
	layers, ok := zoo[name]
	if !ok {
		return Network{}, fmt.Errorf("graph: network %q: want one of %v", name, BuiltinNames())
	}
	return Network{Name: name, Layers: layers(classes)}, nil
}

// BuiltinNames lists the built-in networks.
func BuiltinNames() []string { return slices.Sorted(maps.Keys(zoo)) }
