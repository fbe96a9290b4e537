package work

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"petrify/fakequant"
	"petrify/graph"
)

// shapes are the inputs and classes that the built-in networks are made for.
var shapes = map[string]struct {
	in      graph.Shape
	classes int
}{
	"mlp":               {graph.Shape{C: 1, H: 8, W: 8}, 10},
	"cnn":               {graph.Shape{C: 1, H: 28, W: 28}, 10},
	"ds-cnn":            {graph.Shape{C: 1, H: 49, W: 10}, 12},
	"resnet8":           {graph.Shape{C: 3, H: 32, W: 32}, 10},
	"mobilenet-v1-0.25": {graph.Shape{C: 3, H: 96, W: 96}, 2},
}

// wide is three convolutions with as many input and output channels as the
// number after the name says, as in "wide-64".
const wide = "wide-"

// model is an untrained network with the default quantization: weights of 8
// bits per channel, activations of 8 bits, ranges as moving averages.
func model(name string) (*graph.Model, error) {
	network, in, err := describe(name)
	if err != nil {
		return nil, err
	}
	m, err := graph.New(network, in, graph.Uniform(fakequant.Int8()), rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		return nil, err
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	return m, nil
}

func describe(name string) (graph.Network, graph.Shape, error) {
	if number, ok := strings.CutPrefix(name, wide); ok {
		c, err := strconv.Atoi(number)
		if err != nil {
			return graph.Network{}, graph.Shape{}, fmt.Errorf("work: network %q: want channels after %q", name, wide)
		}
		return wideNetwork(c), graph.Shape{C: c, H: 14, W: 14}, nil
	}
	s, ok := shapes[name]
	if !ok {
		return graph.Network{}, graph.Shape{}, fmt.Errorf("work: no shape of network %q", name)
	}
	network, err := graph.Builtin(name, s.classes)
	return network, s.in, err
}

func wideNetwork(channels int) graph.Network {
	var layers []graph.Layer
	for range 3 {
		layers = append(layers, graph.Conv2D(channels, 3).Same(), graph.BatchNorm(), graph.ReLU())
	}
	return graph.Chain(append(layers, graph.GlobalAvgPool(), graph.Flatten(), graph.Linear(10))...)
}
