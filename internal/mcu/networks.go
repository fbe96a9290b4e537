package main

import (
	"fmt"
	"math/rand/v2"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/quantized"
)

// network is a built-in one with its usual input.
type network struct {
	name    string
	in      graph.Shape
	classes int
}

var networks = []network{
	{"mlp", graph.Shape{C: 1, H: 8, W: 8}, 10},
	{"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10},
	{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12},
	{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10},
	{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2},
	{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0},
}

// format is a choice of bits.
type format struct {
	name                 string
	weights, activations int
	affine               bool
}

var formats = []format{{"W8A8", 8, 8, false}, {"affine", 8, 8, true}, {"W4A8", 4, 8, false}, {"W4A4", 4, 4, false}, {"W2A2", 2, 2, true}}

func (f format) scheme() fakequant.Scheme {
	s := fakequant.Scheme{Weights: fakequant.Bits(f.weights).Weights,
		Activations: fakequant.Bits(f.activations).Activations}
	if f.affine {
		s.Activations.Scheme, s.Activations.Format.Unsigned = affine.Affine, true
	}
	return s
}

// model is the network after a step of training.
func (n network) model(f format) (*quantized.Model, error) {
	layers, err := graph.Builtin(n.name, n.classes)
	if err != nil {
		return nil, err
	}
	return freeze(randnet.Case{Network: layers, Input: n.in, Quantization: graph.Uniform(f.scheme())}, 1)
}

// products is how many multiply-accumulates an inference takes.
func (n network) products() (float64, error) {
	m, err := n.model(formats[0])
	if err != nil {
		return 0, err
	}
	return float64(m.Size().MACs), nil
}

// halves is the name of a model whose sum of tensors rounds halves, of vectors.
const halves = "halves"

// sumOfHalves is y = (x + x)/4 of 16 numbers, which are 128 less than their bytes.
func sumOfHalves() *quantized.Model {
	tensor := func(name string, scale float32) quantized.Activation {
		return quantized.Activation{Name: name, Shape: []int{16},
			Quant: quantized.Quant{Format: affine.Uint8, Scale: scale, Zero: 128, Origin: "made by hand"}}
	}
	return &quantized.Model{
		Name: halves, Output: "y", Origin: quantized.Origin{Version: "test", Dataset: "random", Method: "ptq"},
		Input: quantized.Input{PixelScale: 1, Activation: tensor("x", 1)},
		Nodes: []quantized.Node{{Name: "y", Op: quantized.Add, Inputs: []string{"x", "x"}, Output: tensor("y", 4)}},
	}
}

// random draws a network.
func random(seed uint64) (*quantized.Model, error) {
	return freeze(randnet.Draw(rand.New(rand.NewPCG(seed, 22)), randnet.Options{}), seed)
}

// freeze makes a network's integers after one step of training.
func freeze(c randnet.Case, seed uint64) (*quantized.Model, error) {
	rng := rand.New(rand.NewPCG(seed, 2))
	m, err := c.Model(rng)
	if err != nil {
		return nil, err
	}
	randnet.Unsettle(m, rng, false)
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(1, true)
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	x := make([]float32, c.Input.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	labels := []int32{0}
	if _, err := trainer.Step(x, labels); err != nil {
		return nil, fmt.Errorf("training: %w", err)
	}
	if err := m.Settle(); err != nil {
		return nil, err
	}
	return m.Freeze()
}
